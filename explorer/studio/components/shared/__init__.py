"""Code shared by the components: packing of numbers for the browser, and the scripts that unpack and draw them."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = tuple(HERE / "js" / f"{name}.js" for name in ("packing", "draw"))
"""In the order of use, before those of a component."""


def joined(*scripts: Path) -> str:
    """Return the concatenated contents of script files."""
    return "\n".join(script.read_text(encoding="utf-8") for script in scripts)
