"""One file a task. A recipe is found by its task's name."""

from __future__ import annotations

from explorer.models.recipes import english
from explorer.models.recipes.base import Recipe

RECIPES: dict[str, Recipe] = {recipe.task: recipe for recipe in (english.RECIPE,)}

__all__ = ["RECIPES", "Recipe"]
