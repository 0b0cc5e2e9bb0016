"""Edits of the running cell, and their effects (the page "What if")."""

from explorer.studio.compare import beginning
from explorer.studio.page import opening
from explorer.studio.what_if import page, watching

beginning.where_it_shows()
page.draw(
    opening(
        "What if it had been otherwise?",
        "Reach into the running cell: force a unit, hold a gate, take a token away. All that follows is computed anew.",
        watching.show,
    )
)
