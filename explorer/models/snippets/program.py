"""First and last lines of a program."""

from __future__ import annotations

import math

import torch

from explorer.models.snippets.place import Place

CLOSE = 1e-5
"""Tolerance of the number, relative to the larger of itself and 1: float32 adds up in another order than here."""


def head(says: str, uses: list[str], file: str) -> str:
    """Head of the program: a description in one line, the imports, and the weights."""
    imports = ["import torch", "from safetensors.torch import load_file"]
    own = [name for name in uses if hasattr(torch, name)]
    others = [name for name in uses if name not in own]
    imports += [f"from torch import {', '.join(own)}"] if own else []
    imports += [f"from torch.nn.functional import {', '.join(others)}"] if others else []
    return "\n".join(
        [
            f"# {says}.",
            "# With PyTorch alone (pip install torch safetensors). Layers, steps and units count from 0.",
            *imports,
            "",
            f"weights = load_file({file!r})",
        ]
    )


def check(at: Place, shown: float, *, of_torch: bool, by_equations: bool) -> str:
    """Assertions: the number is the one shown, and the equations' h is torch's if the program computes both."""
    near = f"{CLOSE * max(1.0, abs(shown)):.1g}" if math.isfinite(shown) else "0"
    values = f'found["{at.signal}"]' if by_equations else "h"
    lines = []
    if of_torch and by_equations:
        lines.append(f'torch.testing.assert_close(found["h"], h, rtol=0, atol={CLOSE}, equal_nan=True)')
    return "\n".join(
        [
            *lines,
            f"value = {values}[{at.step}, {at.unit}].item()",
            f'shown = float("{shown!r}")',
            f'print(f"{at.signal}: {{value:.7g}}, shown: {{shown:.7g}}")',
            f"torch.testing.assert_close(value, shown, rtol=0, atol={near}, equal_nan=True)",
        ]
    )
