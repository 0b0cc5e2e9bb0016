"""Effects of the edits: along the text, in every unit, in the task's other networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import streamlit as st

from explorer import edits as surgery
from explorer.analysis.comparing import bits
from explorer.analysis.tokens import visible
from explorer.backend.edits import Edit, loop_of
from explorer.figures.heatmap import reach
from explorer.figures.what_if import EDITED, WAS, Panel, along
from explorer.models import relatives
from explorer.models.answers import NEXT_TOKEN
from explorer.signals import Array
from explorer.studio import compare, sentences, service
from explorer.studio.compare import Network, labels, side
from explorer.studio.components.lanes import Group, Lane, lanes
from explorer.studio.page import chart
from explorer.studio.what_if import View, both_answers, words

CHANGE = "change"


def drawn_along(view: View) -> None:
    """Draw the followed answer, the distance between the answers, and the pinned unit's memory."""
    chart(
        along(list(panels(view)), view.before.tokens, view.theme, step=view.here.step, edited=edited_steps(view)),
        "along",
        f"Along the text, as it was and edited: {words.what(view)}, how much of the whole answer changes, and the memory of unit "
        f"{view.here.unit}.",
    )
    st.caption(
        f"Thin grey is the run as it was, computed again on the path of the edited one; dashed is the edited run. "
        f"Shaded: the steps that are edited. Point to read numbers; unit {view.here.unit} is the pinned one."
    )


def panels(view: View) -> Iterator[Panel]:
    """Yield the panels, from the answer down to the memory."""
    before, after = map(view.followed, view.answers)
    column = view.column
    title = "The answer" if column is None else f"P(‘{visible(view.labels[column])}’)"
    yield Panel(title, view.theme.accent, after, before, None if column is None else (0.0, 1.02))
    says = "How far the answers are apart" if column is None else "Share of the probability that lies elsewhere"
    yield Panel(says, view.theme.text, view.apart, None, None if column is None else (0.0, 1.02))
    memory, unit = view.before.memory, view.here.unit
    role = view.before.signals[memory].role
    pair = [trace[memory][view.row, :, unit] for trace in (view.before, view.after)]
    yield Panel(f"{memory} of unit {unit}", view.theme.roles[role], pair[1], pair[0])


def edited_steps(view: View) -> list[tuple[int, int]]:
    """Return the ranges of edited steps; edits at every step are not included."""
    return [
        line.steps
        for number, line in enumerate(view.lines)
        if line.on and line.steps is not None and number not in view.plan.refused
    ]


def every_unit(view: View) -> None:
    """Draw belts, gates and h of all units, original and edited, with the change below each role."""
    lanes(
        list(groups(view)),
        view.before.tokens,
        step=view.here.step,
        warm=view.here.warm,
        reach={},
        says="",
        key="lanes",
    )
    gone = " A column in the colour of missing numbers is a deleted token, which the edited run does not read."
    st.caption(
        f"Rows are units, the longest memory at the top, in the same order in all lanes; {CHANGE} is edited minus as it was. "
        f"Point to read a number.{gone if None in view.plan.where else ''}"
    )


def groups(view: View) -> Iterator[Group]:
    """Yield the groups by role, as on the Compare page, each followed by the change of its signals."""
    here = view.here
    cards = compare.View(here, relatives(here.model), view.before.tokens, view.theme)
    both = {name: Network(here.model, name, here.card.cell) for name in (WAS, EDITED)}
    traces = {WAS: view.before, EDITED: view.after}
    order = service.order(here.model, here.text, view.row)
    for group in side.groups(cards, both, traces, {WAS: view.row, EDITED: view.row}):
        yield group
        names = list(dict.fromkeys(lane.signal for lane in group.lanes))
        yield Group(
            f"Change of {group.title[0].lower()}{group.title[1:]}",
            "edited minus as it was",
            group.role,
            "signed",
            any(reach(view.before, name, view.row) > 1 for name in names),
            [Lane(CHANGE, name, difference(view, name)[:, order], order.tolist()) for name in names],
        )


def difference(view: View, name: str) -> Array:
    """Return edited minus original, [step, unit]."""
    return np.asarray(view.after[name][view.row] - view.before[name][view.row])


def other_networks(view: View) -> None:
    """Describe the same edits in every network of the task, unless they name units or another text's state: those differ elsewhere."""
    done = [line for k, line in enumerate(view.lines) if line.on and k not in view.plan.refused]
    if not done or not all(line.everywhere for line in done) or not view.reaches_playhead:
        return
    cards = relatives(view.here.model)
    parts = []
    for card, name in zip(cards, labels(cards), strict=True):
        edits, why = _there(view, card.name)
        if why:
            parts.append(f"**{sentences.plain(name)}** {sentences.plain(why)}")
            continue
        before, after = both_answers(card.name, view.here.text, replace(view.plan, edits=edits))
        at = [float(view.followed(values)[view.here.step]) for values in (before, after)]
        if view.column is None:
            parts.append(f"**{sentences.plain(name)}** from {words.number(at[0])} to {words.number(at[1])}")
        else:
            parts.append(f"**{sentences.plain(name)}** {words.verb(*at)}")
    st.markdown(f"The same in each network of this task, {words.what(view)} at the playhead: {'; '.join(parts)}.")


def _there(view: View, name: str) -> tuple[tuple[Edit, ...], str]:
    """Return the edits for another network, and why they cannot run there, if so. A loop that does not exist counts as cut."""
    stack = service.model(name).stack
    carried = stack.cell.State._fields
    edits = tuple(
        edit
        for edit in view.plan.edits
        if not edit.signal.endswith(surgery.PREV) or edit.signal.removesuffix(surgery.PREV) in carried
    )
    steps = sum(step is not None for step in view.plan.where)
    for edit, reason in zip(edits, surgery.check(edits, stack, steps, first=1), strict=True):
        if reason:
            recorded = edit.signal in {signal.name for signal in stack.cell.recorded}
            return edits, f"cannot have it ({reason})" if recorded else f"has no {edit.signal}"
    return edits, ""


def loop(view: View) -> None:
    """If the loop is cut, say how much worse the text is predicted, and how badly from the present token alone."""
    entering = {f"{state}_prev" for state in loop_of(service.model(view.here.model).cell)}
    held = [line for line in view.lines if line.on and line.does == "set" and line.units is None]
    cut = entering <= {signal for line in held for signal in line.signals}
    if not cut or view.answer is not NEXT_TOKEN or len(view.before.tokens) < 2:
        return
    alone = tuple(surgery.set_to(f"{state}_prev", 0.0) for state in view.before.initial)
    none = service.edited_predictions(view.here.model, view.here.text, alone)
    due = [None if column is None else int(column) for column in view.due]
    surprises = [float(np.nanmean(bits(values, due))) for values in (*view.answers, none)]
    st.markdown(words.of_loop(surprises, view.here.card.reader.one))
