"""The house keeps its shape: dependencies point downwards, heavy libraries stay in their rooms, pages are thin."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]


class Room(NamedTuple):
    """How high a room lies, and which libraries beside Python's own it may import."""

    floor: int
    libraries: frozenset[str]


def room(floor: int, *libraries: str) -> Room:
    return Room(floor, frozenset(libraries))


ROOMS = {
    "explorer.formula": room(0),
    "explorer.summary": room(0),
    "explorer.signals": room(1, "numpy", "pandas"),
    "explorer.describing": room(1, "numpy"),
    "explorer.saving": room(1, "numpy", "pandas", "pyarrow"),
    "explorer.diagram": room(1),
    "explorer.notations": room(2),
    "explorer.analysis": room(2, "numpy", "pandas"),  # needs nothing but traces, and models are probed with it
    "explorer.cells": room(2, "torch"),
    "explorer.backend": room(3, "torch", "numpy"),
    "explorer.models": room(4, "torch", "numpy", "safetensors"),
    "explorer.models.tables": room(4, "numpy", "pandas"),  # pandas reads tables of numbers
    "explorer.models.checkpoints": room(  # the readers of other frameworks' files, each imported when such a file comes
        4, "torch", "numpy", "safetensors", "h5py", "keras", "onnx", "onnxruntime", "google"
    ),
    "explorer": room(5),  # the public API itself, and beside it the shell
    "explorer.__main__": room(5),
    "explorer.cli": room(5),
    "explorer.figures": room(7, "numpy", "pandas", "plotly"),
    "explorer.studio": room(8, "streamlit", "numpy", "pandas", "plotly"),
    "explorer.lessons": room(8),
    "pages": room(9, "streamlit", "numpy", "pandas", "plotly"),
    "app": room(10, "streamlit"),
}
PAGE_LINES = 60


def room_of(module: str) -> str | None:
    """The room that a module is in: the longest name in ROOMS that it begins with; None for a module that is not ours."""
    if module.partition(".")[0] not in ("explorer", "pages", "app"):
        return None
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next(name for name in names if name in ROOMS)


class Import(NamedTuple):
    module: str
    line: int


def imports_of(path: Path, root: Path) -> Iterator[Import]:
    """The modules that a file imports, wherever in it; `from a import b` as `a.b` where that is a module, else as `a`."""
    parts = module_of(path, root).split(".")
    package = parts if path.name == "__init__.py" else parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Import(inner if is_module(inner, root) else base, node.lineno)


def is_module(name: str, root: Path) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def module_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def house(root: Path) -> list[Path]:
    """The files that the rules are about."""
    return sorted([*root.glob("explorer/**/*.py"), *root.glob("pages/**/*.py"), *root.glob("app.py")])


def faults_of_imports(root: Path) -> list[str]:
    """Imports that point upwards, and libraries that are out of their rooms."""
    faults = []
    for path in house(root):
        here = room_of(module_of(path, root))
        assert here is not None
        for imported in imports_of(path, root):
            where = f"{path.relative_to(root)}:{imported.line}"
            there = room_of(imported.module)
            library = imported.module.partition(".")[0]
            if there is not None and ROOMS[there].floor > ROOMS[here].floor:
                faults.append(f"{where}: {here} imports {imported.module}, which lies above it")
            elif there is None and library not in sys.stdlib_module_names | ROOMS[here].libraries:
                faults.append(f"{where}: {here} may not import {library}")
    return faults


def faults_of_pages(root: Path) -> list[str]:
    """Pages that are not thin, or not exactly one folder deep: a flat one is run by Streamlit without app.py."""
    faults = []
    for path in sorted(root.glob("pages/**/*.py")):
        name, lines = path.relative_to(root), len(path.read_text(encoding="utf-8").splitlines())
        if len(name.parts) != 3:
            faults.append(f"{name}: a page is pages/<section>/<page>.py")
        if lines > PAGE_LINES:
            faults.append(f"{name}: {lines} lines; a page is thin, at most {PAGE_LINES}")
    return faults


def faults_of_docstrings(root: Path) -> list[str]:
    """Modules, public classes and public functions that do not say what they are."""
    faults = []
    for path in sorted(root.glob("explorer/**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and ast.get_docstring(tree) is None:
            faults.append(f"{path.relative_to(root)}: the module has no docstring")
        for node in tree.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and ast.get_docstring(node) is None:
                faults.append(f"{path.relative_to(root)}:{node.lineno}: {node.name} has no docstring")
    return faults


def files_of(root: Path) -> list[Path]:
    """What the project consists of: what git knows or would add; without git, every file outside a virtual environment."""
    if (root / ".git").exists() and shutil.which("git"):
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        done = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return [root / name for name in done.stdout.split("\0") if name]
    return sorted(path for path in root.rglob("*") if not SKIPPED & set(path.relative_to(root).parts))


SKIPPED = {".git", ".venv", "venv", ".hypothesis", "__pycache__", ".ruff_cache", ".mypy_cache"}
PRIVATE = re.compile(
    r"""(?<![\w.:/\\-])/(?:work|home|root|tmp|Users)/      # a folder of someone's machine
      | [A-Z]:\\Users\\
      | --(?:extra-)?index-url | --find-links | --registry # another registry than the default one
      | (?:files\.pythonhosted|registry\.npmjs)\.org
      | https?://(?!127\.0\.0\.1|localhost)(?:[\d.]+|[\w-]+)(?:[:/\s]|$)  # a host by its number, or without a domain
      | https?://[\w.-]+\.(?:internal|local|lan|corp)\b
    """,
    re.VERBOSE | re.MULTILINE,
)
ALLOWED = {"https://download.pytorch.org/whl/cpu": "README.md"}
"""What would be a fault, and the one file that names it: the optional small install of PyTorch."""
QUOTED = Path("assets", "examples")
"""Held-out sequences: pieces of other people's texts, as they published them."""


def faults_of_privacy(root: Path) -> list[str]:
    """Text files that name a folder of a developer's machine, or a registry's host."""
    faults = []
    for path in files_of(root):
        name = path.relative_to(root)
        if not path.is_file() or path == Path(__file__) or path.suffix in (".png", ".safetensors"):
            continue
        if name.parent == QUOTED:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for allowed, file in ALLOWED.items():
                line = re.sub(rf"--(extra-)?index-url {re.escape(allowed)}", "", line) if str(name) == file else line
            if found := PRIVATE.search(line):
                faults.append(f"{name}:{number}: {found.group().strip()}")
    return faults


@pytest.mark.parametrize("faults_of", [faults_of_imports, faults_of_pages, faults_of_docstrings, faults_of_privacy])
def test_the_house_keeps_its_shape(faults_of) -> None:
    assert house(ROOT), "no file was looked at"
    faults = faults_of(ROOT)
    assert not faults, "\n".join(faults)


def build(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


FINE = {
    "explorer/__init__.py": '"""API."""\nfrom explorer.models import zoo\n',
    "explorer/__main__.py": '"""Shell."""\nimport argparse, explorer\nfrom explorer.cells import lstm\n',
    "explorer/signals.py": '"""S."""\nimport numpy as np\nfrom explorer import formula\n',
    "explorer/formula.py": '"""F."""\nimport ast\n',
    "explorer/cells/__init__.py": '"""C."""\nfrom . import lstm\nfrom .lstm import LSTM\n',
    "explorer/cells/lstm.py": '"""L."""\nimport torch.nn\nfrom ..signals import Signal\n',
    "explorer/models/__init__.py": '"""M."""\nimport torch, safetensors.torch\nfrom explorer import cells\n',
    "explorer/analysis/__init__.py": '"""A."""\nimport numpy\nfrom explorer.signals import Trace\n',
    "explorer/figures/__init__.py": '"""F."""\nimport plotly.graph_objects\nfrom explorer import analysis\n',
    "explorer/studio/__init__.py": '"""S."""\nimport streamlit, explorer\nfrom explorer.figures import gates\n',
    "pages/read/watch.py": "import streamlit\nfrom explorer.studio import state\n",
    "app.py": "import streamlit\nfrom pages.read import watch\n",
}


def test_a_house_in_order_has_no_fault(tmp_path: Path) -> None:
    build(tmp_path, FINE)
    assert faults_of_imports(tmp_path) == []
    assert faults_of_pages(tmp_path) == []
    assert faults_of_docstrings(tmp_path) == []
    assert faults_of_privacy(tmp_path) == []


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("explorer/formula.py", "import explorer.signals", "explorer.signals, which lies above"),
        ("explorer/cells/lstm.py", "from explorer import models", "explorer.models, which lies above"),
        ("explorer/cells/lstm.py", "from ..models.zoo import load", "explorer.models.zoo, which lies above"),
        ("explorer/cells/lstm.py", "import explorer", "explorer, which lies above"),
        ("explorer/models/__init__.py", "def f():\n    from explorer.figures import g", "figures, which lies above"),
        ("explorer/analysis/__init__.py", "if 0:\n    import explorer.figures", "explorer.figures, which lies above"),
        ("explorer/figures/__init__.py", "from explorer.studio import state", "explorer.studio, which lies above"),
        ("explorer/studio/__init__.py", "import pages.read.watch", "pages.read.watch, which lies above"),
        ("pages/read/watch.py", "import app", "app, which lies above"),
        ("explorer/__init__.py", "from explorer import figures", "explorer.figures, which lies above"),
        ("explorer/__main__.py", "import explorer.figures", "explorer.figures, which lies above"),
        ("explorer/signals.py", "import torch", "may not import torch"),
        ("explorer/cells/lstm.py", "from streamlit import cache_data", "may not import streamlit"),
        ("explorer/analysis/__init__.py", "from torch import nn", "may not import torch"),
        ("explorer/analysis/__init__.py", "import plotly.express as px", "may not import plotly"),
        ("explorer/figures/__init__.py", "import streamlit as st", "may not import streamlit"),
        ("explorer/studio/__init__.py", "import torch", "may not import torch"),
        ("pages/read/watch.py", "def f():\n    import torch", "may not import torch"),
        ("app.py", "import plotly", "may not import plotly"),
        ("explorer/signals.py", "import scipy", "may not import scipy"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    build(tmp_path, FINE | {"explorer/models/zoo.py": '"""Z."""\n', file: f"{FINE[file]}{line}\n"})
    (found,) = faults_of_imports(tmp_path)
    assert found.startswith(f"{file}:")
    assert fault in found


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("pages/flat.py", "", "pages/<section>/<page>.py"),
        ("pages/read/deep/page.py", "", "pages/<section>/<page>.py"),
        ("pages/read/long.py", "1\n" * 61, "61 lines"),
    ],
)
def test_a_wrong_page_is_found(tmp_path: Path, file: str, text: str, fault: str) -> None:
    build(tmp_path, FINE | {file: text})
    (found,) = faults_of_pages(tmp_path)
    assert fault in found


@pytest.mark.parametrize(
    "text", ["x = 1", '"""M."""\ndef shown(): ...', '"""M."""\nclass Shown: ...', '"""M."""\nasync def shown(): ...']
)
def test_a_missing_docstring_is_found(tmp_path: Path, text: str) -> None:
    build(tmp_path, {"explorer/a.py": text})
    assert len(faults_of_docstrings(tmp_path)) == 1


def test_what_is_private_needs_no_docstring(tmp_path: Path) -> None:
    build(tmp_path, {"explorer/a.py": '"""M."""\ndef _hidden(): ...\nclass _Hidden: ...\n'})
    assert faults_of_docstrings(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "see /home/me/notes",
        'open("/tmp/x")',
        r"C:\Users\me",
        "pip install --index-url https://example.org/simple",
        "https://registry.npmjs.org/x",
        "http://10.0.0.7:8080/simple",
        "http://mirror/simple",
        "https://pypi.corp/simple",
        "--index-url https://download.pytorch.org/whl/cpu",
    ],
)
def test_what_is_private_to_a_machine_is_found(tmp_path: Path, text: str) -> None:
    build(tmp_path, {"CONTRIBUTING.md": f"fine\n{text}\n"})
    (found,) = faults_of_privacy(tmp_path)
    assert found.startswith("CONTRIBUTING.md:2: ")


def test_what_others_wrote_may_name_any_folder(tmp_path: Path) -> None:
    build(tmp_path, {"assets/examples/python.jsonl": 'open("/tmp/x")', "assets/models/python-lstm.json": '"/tmp/x"'})
    (found,) = faults_of_privacy(tmp_path)
    assert found.startswith("assets/models/")


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8501/",
        "http://localhost:8501",
        "https://arxiv.org/abs/1503.04069",
        "assets/home/x and explorer/work/y",
        "http://www.w3.org/2000/svg",
        "pip install --index-url https://download.pytorch.org/whl/cpu torch",
    ],
)
def test_what_everybody_has_is_let_pass(tmp_path: Path, text: str) -> None:
    build(tmp_path, {"README.md": text})
    assert faults_of_privacy(tmp_path) == []
