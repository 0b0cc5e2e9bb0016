"""The test command: `python tests/run.py`. Installs what the tests need, finds a browser, runs the checks and the tests.

    python tests/run.py                          everything
    python tests/run.py --only checks            ruff and mypy
    python tests/run.py --only tests -k gates    pytest, what follows is passed on to it
    python tests/run.py --no-browser             without the tests that drive a Chromium
    python tests/run.py --full                   every case of every test, where the usual run draws some of many

Everything is installed into the environment of the Python that runs this, with pip. A Python that the system manages gets a
virtual environment, .venv, beside this project's README. Standard library only.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if sys.version_info < (3, 11):  # noqa: UP036  an older Python is to get this sentence, not a syntax error
    sys.exit(f"Carousel needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable})")

sys.path.insert(0, str(ROOT))
from tests.browser import chromium

CHECKS = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "mypy": ["mypy"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Installs what the tests need and runs them.", allow_abbrev=False)
    parser.add_argument("--only", choices=("checks", "tests"), help="ruff and mypy only, or pytest only")
    parser.add_argument("--no-browser", action="store_true", help="leave out the tests that drive a Chromium")
    parser.add_argument("--no-install", action="store_true", help="install nothing; what is needed is there")
    parser.add_argument("--full", action="store_true", help="run every case of every test")
    options, for_pytest = parser.parse_known_args()
    os.chdir(ROOT)
    if not options.no_install:
        install()

    results = dict.fromkeys([] if options.only == "tests" else CHECKS, "not run")
    for name in results:
        print(f"\n=== {name}", flush=True)
        code = run(*CHECKS[name])
        results[name] = "failed" if code else "passed"
        if code:
            summarise(results | ({} if options.only == "checks" else {"pytest": "not run"}))
            return code
    summarise(results)
    if options.only == "checks":
        return 0

    if options.no_browser:
        for_pytest = ["-m", "not browser", *for_pytest]
    else:
        give_a_browser(may_install=not options.no_install)
    if options.full:
        os.environ["CAROUSEL_TESTS"] = "full"
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print("\n=== pytest", flush=True)
    # Two files at a time, in the order of tests/conftest.py. One that is asked for by name needs no helper.
    two = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    together = [] if for_pytest and not options.no_browser else two
    return run("pytest", *together, *for_pytest)  # its closing line is the last one printed


def install() -> None:
    """requirements-dev.txt by pip, in a virtual environment of our own where the system manages this Python."""
    managed = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED").exists()
    if sys.prefix == sys.base_prefix and managed:
        go_on_in(ROOT / ".venv")
    if run("pip", "--version", quiet=True):
        run("ensurepip", "--upgrade", quiet=True)
    print(f"installing requirements-dev.txt into {sys.prefix}", flush=True)
    if run("pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements-dev.txt"):
        sys.exit("pip could not install requirements-dev.txt; its message stands above")


def go_on_in(folder: Path) -> None:
    """Runs this command again with the Python of the virtual environment in `folder`, which is made if need be."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print(f"the system manages this Python, so the tests get a virtual environment: {folder}", flush=True)
        if run("venv", str(folder)):
            sys.exit(f"no virtual environment could be made in {folder}; make one, and run this with its Python")
    sys.exit(subprocess.run([str(python), *sys.argv], check=False).returncode)


def give_a_browser(*, may_install: bool) -> None:
    """Names a Chromium to the browser tests. Without one they fail: here in CI, else each of them."""
    try:
        found = chromium.find() or (chromium.install() if may_install else None)
    except FileNotFoundError as error:
        sys.exit(str(error))
    if found:
        os.environ[chromium.SETTING] = found
    elif os.environ.get("CI", "").lower() in ("1", "true"):
        sys.exit(chromium.MISSING)
    else:
        print(f"\n{chromium.MISSING}\nthe browser tests will fail; --no-browser leaves them out", flush=True)


def summarise(results: dict[str, str]) -> None:
    if results:
        print("\n" + ", ".join(f"{name} {result}" for name, result in results.items()), flush=True)


def run(module: str, *arguments: str, quiet: bool = False) -> int:
    """`python -m module …` in this environment; its exit status."""
    output = subprocess.DEVNULL if quiet else None
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
