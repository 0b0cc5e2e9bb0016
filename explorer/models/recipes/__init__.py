"""One file a task: each file of this folder that has a RECIPE brings one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from explorer.models.recipes.base import Recipe

_FOUND = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
RECIPES: dict[str, Recipe] = {module.RECIPE.task: module.RECIPE for module in _FOUND if hasattr(module, "RECIPE")}
"""Recipes by the task's name."""

__all__ = ["RECIPES", "Recipe"]
