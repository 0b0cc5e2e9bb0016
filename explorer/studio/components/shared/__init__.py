"""What the components have in common: how numbers are packed for a browser, and the scripts that unpack and draw them."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = tuple(HERE / "js" / f"{name}.js" for name in ("packing", "draw"))
"""In the order of use, before those of a component."""


def joined(*scripts: Path) -> str:
    """The texts of script files as one."""
    return "\n".join(script.read_text(encoding="utf-8") for script in scripts)
