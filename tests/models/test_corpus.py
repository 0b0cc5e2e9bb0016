"""A corpus comes checked from the cache, from npm or by pip, and where it cannot be had the answer says what to do."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from explorer.models import corpus
from explorer.models.corpus import CorpusUnavailable, NpmPackage, PypiPackage
from explorer.models.recipes import english


def archive_of(files: dict[str, str], top: str = "package") -> bytes:
    """An archive with these files in a folder, as npm packs them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in files.items():
            content = text.encode()
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


ARCHIVE = archive_of({"data/a.txt": "Größe\n"})
PACKAGE = NpmPackage(
    name="@some/texts",
    version="1.2.3",
    sha512=base64.b64encode(hashlib.sha512(ARCHIVE).digest()).decode(),
    licence="CC0-1.0",
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and no npm."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(corpus.shutil, "which", lambda name: None)
    return tmp_path / "carousel"


def test_from_the_cache(cache: Path) -> None:
    """Without npm: the archive lies there already."""
    cache.mkdir()
    (cache / "some-texts-1.2.3.tgz").write_bytes(ARCHIVE)
    assert PACKAGE.text("data/a.txt") == "Größe\n"
    with pytest.raises(CorpusUnavailable, match=r"@some/texts@1\.2\.3 has no file data/b\.txt"):
        PACKAGE.text("data/b.txt")


def test_another_archive_is_refused(cache: Path) -> None:
    cache.mkdir()
    (cache / "some-texts-1.2.3.tgz").write_bytes(ARCHIVE[:-1])
    with pytest.raises(CorpusUnavailable, match=r"some-texts-1\.2\.3\.tgz is not the archive that is expected"):
        PACKAGE.archive()


def test_without_npm(cache: Path) -> None:
    with pytest.raises(
        CorpusUnavailable, match=r"npm is needed to fetch @some/texts; install Node\.js, or put the archive"
    ):
        PACKAGE.archive()


@pytest.mark.parametrize("works", [True, False])
def test_by_npm(works: bool, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`npm pack` is asked for exactly that version; what it says when it fails is passed on, and nothing is left in the cache."""
    npm = tmp_path / "npm"
    source = tmp_path / "source.tgz"
    source.write_bytes(ARCHIVE)
    succeed = f'test "$2" = "@some/texts@1.2.3" && cp {source} "$4/some-texts-1.2.3.tgz"'
    npm.write_text(f"#!/bin/sh\n{succeed if works else 'echo first >&2; echo no network >&2; exit 1'}\n")
    npm.chmod(0o755)
    monkeypatch.setattr(corpus.shutil, "which", lambda name: str(npm))
    if works:
        assert PACKAGE.text("data/a.txt") == "Größe\n"
        assert PACKAGE.archive() == cache / "some-texts-1.2.3.tgz"
    else:
        with pytest.raises(CorpusUnavailable, match=r"npm could not fetch @some/texts@1\.2\.3: no network"):
            PACKAGE.archive()
        assert not cache.exists()


def wheel_of(files: dict[str, str]) -> bytes:
    """A wheel with these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


FILES = {"some/b.py": "b = 'ö'\n", "some/a.py": "a\n", "some/a.txt": "-\n"}
WHEEL, SOURCE = wheel_of(FILES), archive_of(FILES, "some-1.2")


def of_pypi(source: bool) -> PypiPackage:
    archive = SOURCE if source else WHEEL
    return PypiPackage(
        name="some", version="1.2", sha256=hashlib.sha256(archive).hexdigest(), licence="MIT", source=source
    )


@pytest.mark.parametrize(("source", "name"), [(False, "some-1.2-py3-none-any.whl"), (True, "some-1.2.tar.gz")])
def test_of_pypi_from_the_cache(source: bool, name: str, cache: Path) -> None:
    """A wheel or a source archive: files by name, in the order of their names; another archive is refused."""
    cache.mkdir()
    (cache / name).write_bytes(SOURCE if source else WHEEL)
    package = of_pypi(source)
    assert package.text("some/b.py") == "b = 'ö'\n"
    found = package.files(lambda member: member.endswith(".py"))
    assert list(found.items()) == [("some/a.py", b"a\n"), ("some/b.py", "b = 'ö'\n".encode())]
    with pytest.raises(CorpusUnavailable, match=r"some@1\.2 has no file c\.py"):
        package.data("c.py")
    (cache / name).write_bytes(b"")
    with pytest.raises(CorpusUnavailable, match=r"is not the archive that is expected \(sha256 e3b0"):
        package.archive()


def test_without_pip(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CorpusUnavailable, match=r"pip is needed to fetch some; .*ensurepip\), or put the archive at"):
        of_pypi(source=False).archive()


@pytest.mark.parametrize(("source", "form"), [(False, "--only-binary"), (True, "--no-binary")])
@pytest.mark.parametrize("works", [True, False])
def test_by_pip(
    works: bool, source: bool, form: str, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exactly that version is asked for, in that form, without what it depends on."""
    (tmp_path / "archive").write_bytes(SOURCE if source else WHEEL)
    python = tmp_path / "python"
    asked = f"-m pip download --quiet --disable-pip-version-check --no-deps {form} some --dest"
    succeed = f'case "$*" in "{asked} "*" some==1.2") cp {tmp_path}/archive "${{10}}/archive" ;; *) exit 1 ;; esac'
    python.write_text(f"#!/bin/sh\n{succeed if works else 'echo first >&2; echo no network >&2; exit 1'}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    package = of_pypi(source)
    if works:
        assert package.text("some/a.py") == "a\n"
    else:
        with pytest.raises(CorpusUnavailable, match=r"pip could not fetch some@1\.2: no network"):
            package.archive()
        assert not cache.exists()


def test_the_english_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole chapters: each is on one side, none is lost, quotes are straight."""
    monkeypatch.setattr(NpmPackage, "text", lambda self, member: f"“{member.split('_')[1].removesuffix('.txt')}”\r\n")
    monkeypatch.setattr(english, "streams", lambda reader, text: text)
    data = english.data()
    train, held_out = data.batches.split("\n\n"), data.held_out[0].text.split("\n\n")
    assert not set(train) & set(held_out)
    assert sorted([*train, *held_out]) == sorted(f'"{number}"' for number in english.CHAPTERS)
    assert len(held_out) == 7
