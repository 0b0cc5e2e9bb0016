"""Side-by-side tab: belts, gates, hidden states and gradients of two to four networks, on shared scales and one token axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import streamlit as st

from explorer.analysis.reach import magnitudes
from explorer.figures.heatmap import reach
from explorer.figures.roles import HINTS, SAYS, STORY, hint
from explorer.signals import Array, Role, Signal, Trace
from explorer.studio import notation, service
from explorer.studio.compare import Network, View, choices, words
from explorer.studio.components.lanes import Group, Lane, lanes
from explorer.studio.sentences import of_carried

UNITS = (
    "Rows are units, the longest memory at the top in each network. They do not match from one network to another: which number a unit "
    "has, and its sign, is arbitrary. Point to read a number."
)


def draw(view: View) -> None:
    """Draw the whole tab."""
    chosen = choices.networks(view)
    traces = {label: service.trace(one.name, view.here.text) for label, one in chosen.items()}
    rows = {label: view.here.row_of(trace.rows) for label, trace in traces.items()}
    reached = _reach(view, chosen, rows)
    st.markdown(words.of_gates({label: mean_keep(trace, rows[label]) for label, trace in traces.items()}))
    behind = {
        label: curve[list(traces[label].steps_read(view.here.step, rows[label]))[::-1]]
        for label, curve in reached.items()
    }
    st.markdown(
        words.of_reaches(behind, view.here.step, of_carried({label: trace.carried for label, trace in traces.items()}))
    )
    lanes(
        list(groups(view, chosen, traces, rows)),
        view.tokens,
        step=view.here.step,
        warm=view.here.warm,
        reach=reached,
        says="how much a tiny change of all that is carried on at each step moves the answer at the playhead, "
        f"step {view.here.step + 1}",
        key="lanes",
    )
    st.caption(UNITS)
    sizes = {label: service.model(one.name) for label, one in chosen.items()}
    st.caption(
        words.of_sizes(
            {label: (model.cell.hidden_size, model.parameter_count) for label, model in sizes.items()}, view.shipped
        )
    )


def groups(
    view: View, chosen: Mapping[str, Network], traces: Mapping[str, Trace], rows: Mapping[str, int]
) -> Iterator[Group]:
    """Yield the groups of lanes by role: belts, gates, hidden states."""
    orders = {label: service.order(one.name, view.here.text, rows[label]) for label, one in chosen.items()}

    letters = notation.current()

    def group(title: str, hint: str, role: Role, found: Mapping[str, list[Signal]]) -> Group:
        pairs = [(label, signal) for label, signals in found.items() for signal in signals]
        gates = all(signal.kind == "gate" for _, signal in pairs)
        return Group(
            title,
            hint,
            role,
            "gate" if gates else "signed",
            not gates and any(reach(traces[label], signal.name, rows[label]) > 1 for label, signal in pairs),
            [
                Lane(
                    label,
                    letters.letter(signal.name),
                    traces[label][signal.name][rows[label]][:, orders[label]],
                    orders[label].tolist(),
                )
                for label, signal in pairs
            ],
            [label for label, signals in found.items() if not signals],
        )

    belts = {label: belts_of(trace) for label, trace in traces.items()}
    if any(belts.values()):
        yield group("Belt", HINTS["belt"], "belt", belts)
    for role in sorted(STORY, key=lambda role: role == "reset"):  # what is kept and written before what is looked at
        gates = {label: [s for s in trace.of_kind("gate") if s.role == role] for label, trace in traces.items()}
        if any(gates.values()):
            yield group(f"{letters.says(role, SAYS[role]).capitalize()} gate", HINTS[role], role, gates)
    hidden = {label: [trace.signals["h"]] for label, trace in traces.items()}
    seen = {hint(trace.signals["h"], trace, rows[label]) for label, trace in traces.items()}
    yield group("Hidden state", seen.pop() if len(seen) == 1 else HINTS["hidden"], "hidden", hidden)


def belts_of(trace: Trace) -> list[Signal]:
    """Return the states that the cell declares as belts, in unit order."""
    states = {belt.state for belt in trace.belts}
    return [signal for signal in trace.per_unit() if signal.name in states]


def mean_keep(trace: Trace, row: int) -> float | None:
    """Share of the belt that a step keeps, averaged over steps and units; None without a belt."""
    if trace.belt is None:
        return None
    values = {signal.name: trace[signal.name][row] for signal in trace.per_unit()}
    return float(np.mean(np.asarray(trace.belt.kept(values))))


def _reach(view: View, chosen: Mapping[str, Network], rows: Mapping[str, int]) -> dict[str, Array]:
    """Return ‖∂ answer / ∂ carried state‖ at each step, for the score of the real next token at the playhead, or of the network's
    answer."""
    here = view.here
    return {
        label: magnitudes(
            service.gradients(one.name, here.text, "logit", here.step, None, rows[label], by="state"),
            "state",
            rows[label],
        )
        for label, one in chosen.items()
    }
