"""The list of edits: staged first, then applied; each can be switched off, named and removed."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.studio import sentences
from explorer.studio.what_if import View, adding, choose, words
from explorer.studio.what_if.lines import Line, written
from explorer.studio.what_if.plan import Plan, planned
from explorer.studio.what_if.ranges import range_of


def draw(view: View) -> None:
    """Draw the staged edits with their states, and the buttons of the list."""
    lines = choose.staged()
    plan = view.plan if lines == list(view.lines) else planned(view.here, lines)
    with st.container(key="edit_list", gap="xsmall"):
        for number, line in enumerate(lines):
            _row(view, plan, number, line)
        with st.container(horizontal=True, gap="small", key="edit_buttons", vertical_alignment="center"):
            waiting = choose.waiting()
            if lines or waiting:
                st.button(
                    "Apply",
                    type="primary",
                    disabled=not waiting,
                    on_click=choose.apply,
                    key="apply",
                    help="Runs the edits that are staged." if waiting else "All that is staged is applied.",
                )
            st.button("Undo", icon=":material/undo:", disabled=not choose.can_undo(), on_click=choose.undo, key="undo")
            if lines:
                st.button("Remove all", on_click=choose.run, args=([],), key="remove_all")
            with st.popover("As text", icon=":material/link:"):
                choose.as_text()
            if waiting:
                st.markdown(":material/pending: Staged, **not applied yet**.")
        with st.expander("Add an edit", icon=":material/add:"):
            adding.draw(view)


def _row(view: View, plan: Plan, number: int, line: Line) -> None:
    with st.container(horizontal=True, gap="small", key=f"edit_{number}", vertical_alignment="center"):
        st.toggle(
            f"Edit {number + 1}: {words.of_line(line)}",
            value=line.on,
            key=f"on {number} {line.on} {written(line)}",
            on_change=_change,
            args=(number, line.switched()),
            label_visibility="collapsed",
            width="content",
        )
        name = f"**{sentences.plain(line.name)}**: " if line.name else ""
        st.markdown(f"{name}{words.of_line(line)}{_told(view, plan, number, line)}", width="stretch")
        with st.popover("Name", type="tertiary", key=f"naming {number}"):
            st.text_input(
                "What you call it",
                line.name,
                max_chars=60,
                key=f"name {number} {written(line)}",
                on_change=_named,
                args=(number, line),
            )
        st.button(
            ":material/close:",
            key=f"remove {number}",
            type="tertiary",
            help=f"Takes out edit {number + 1}",
            on_click=_remove,
            args=(number,),
        )


def _told(view: View, plan: Plan, number: int, line: Line) -> str:
    """Return the note on an edit: off, refused, or with a value outside the range on this text."""
    if not line.on:
        return " :gray[(off)]"
    if number in plan.refused:
        return f"  \n:red[:material/block: {words.refused(plan.refused[number])}]"
    if number in plan.outside:
        bounds = range_of(view.before, line)
        return (
            f"  \n:orange[:material/warning: {words.of_range(*bounds)}.]"
            if bounds
            else ("  \n:orange[:material/warning: Beyond what this text brings about.]")
        )
    return ""


def _change(number: int, line: Line) -> None:
    lines = choose.staged()
    lines[number] = line
    choose.stage(lines)


def _named(number: int, line: Line) -> None:
    """Rename an edit. The name does not affect the computation, but is in the link once the edit is applied."""
    key = f"name {number} {written(line)}"
    _change(number, replace(line, name=str(st.session_state[key]).strip()))


def _remove(number: int) -> None:
    lines = choose.staged()
    choose.stage(lines[:number] + lines[number + 1 :])
