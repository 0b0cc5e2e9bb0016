"""Known units of a network: those that follow a property, each shown on a suitable text at one click."""

from __future__ import annotations

import streamlit as st

from explorer.models import Card
from explorer.studio import sentences, service, state


def look_for(card: Card, title: str = "") -> None:
    """Draw a chip for each finding, and one that loads another text with the same unit pinned, since one example proves nothing.

    They stand beside the page's `title`, if given, so that the picture starts higher.
    """
    with st.container(horizontal=True, gap="xsmall", key="findings", vertical_alignment="center"):
        if title:
            st.title(title, anchor=False, width="content")
        held = [finding for finding in card.findings if finding.holds]
        st.markdown("Look for" if held else sentences.of_nothing_found(card), width="content")
        for finding in held:
            st.button(
                f"{finding.follows} · unit {finding.unit}",
                on_click=state.look_at,
                args=(finding,),
                key=f"finding {finding.follows}",
                type="tertiary",
                help=f"Unit {finding.unit} {sentences.of_finding(finding, card.hidden_size)}",
            )
        if not service.has_held_out(card):
            return
        generated = (how := service.recipe(card.task)) is not None and how.generate is not None
        st.button(
            "A new case" if generated else "Another excerpt",
            on_click=_another,
            args=(card.task,),
            key="random",
            type="tertiary",
            icon=":material/casino:",
            help="Made anew by the task's rule; the unit stays pinned."
            if generated
            else "A random piece of what these networks never saw; the unit stays pinned.",
        )


def _another(task: str) -> None:
    state.read_example(service.random_excerpt(task))
