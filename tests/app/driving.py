"""Opens the app as a reader would, without a browser, and reads off what it sends to one."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from explorer.models import Card, card_of, zoo
from explorer.models.zoo import MAIN
from explorer.signals import Array

APP = Path(__file__).parents[2] / "app.py"
PAGES = {
    "watch": "pages/read/watch.py",
    "belt": "pages/read/belt.py",
    "gates": "pages/read/gates.py",
    "hidden": "pages/read/hidden.py",
    "gradients": "pages/learn/gradients.py",
    "step": "pages/learn/step.py",
    "what-if": "pages/try/what_if.py",
    "compare": "pages/try/compare.py",
}
"""Those with the stage or its strip, which read the text at the left."""
STARTUP, LIBRARY, CELLS = "pages/learn/startup.py", "pages/library/models.py", "pages/library/cells.py"
OWN, DIAGNOSIS = "pages/library/own.py", "pages/library/diagnosis.py"
ELSEWHERE = (STARTUP, LIBRARY, CELLS, OWN, DIAGNOSIS)
"""Those without, and that of cells, whose stage is another."""
VIEWS = ("How long it remembers", "All units", "The path")
"""The tabs of the page on the hidden state, as its links name them; only the open one is drawn."""
GATES = ("Every unit", "By kind of token", "Shut and open")
"""Those of the page on gates."""
LEDGER = ("The belt", "Who wrote it", "Down to the answer")
"""Those of the page on the conveyor belt."""
NAMES = [card.name for card in zoo() if card.task == "english" and card.cell in MAIN]
"""The networks that are looked at in depth, on every page: rnn, gru, lstm. Those of other tasks are opened once."""
UNLIKE = ("jordan", "lstm-1997", "lstm-noaf", "lstm-fgr", "grid", "mgu", "mut1", "clockwork", "esn")
"""Those that lack what others have, or have what others lack: gates, a keep gate, weights of x, states beside h and c."""
HOSTILE = '<b>x</b> <script>x</script> $x^2$ **b** [a](b) `c` :red[d] &lt; # e\n- f | g ~h~ "'
"""HTML, LaTeX, Markdown, Streamlit's own marks."""


def opened(page: str = "watch", /, **link: Any) -> AppTest:
    """The app on a page, after the first run of a session that came by that link."""
    at = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in link.items():
        at.query_params[name] = str(value)
    at.run()
    return go_to(at, page) if page != "watch" else check(at)


def go_to(at: AppTest, page: str) -> AppTest:
    return check(at.switch_page(PAGES.get(page, page)).run())


def type_text(at: AppTest, text: str) -> AppTest:
    return check(at.text_area(key="text").set_value(text).run())


def choose(at: AppTest, model: str) -> AppTest:
    return check(at.segmented_control(key="model").set_value(model).run())


def press(at: AppTest, key: str) -> AppTest:
    return check(at.button(key=key).click().run())


def check(at: AppTest) -> AppTest:
    """Nothing went wrong in the last run."""
    assert not at.exception, at.exception[0].value + "\n" + "\n".join(at.exception[0].stack_trace)
    assert not at.error, at.error[0].value
    return at


@dataclass(frozen=True)
class Sent:
    """What the stage was sent: the header, each signal as [step, unit], and likewise what stands beside each edited one."""

    header: dict[str, Any]
    signals: dict[str, Array]
    size: int
    beside: dict[str, Array]

    @property
    def place(self) -> tuple[int, int]:
        """(step, unit), from 0."""
        return self.header["place"]["step"], self.header["place"]["unit"]


def unpack(content: bytes) -> Sent:
    """As payload.js does it."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    start = (4 + length + 3) // 4 * 4
    values = np.frombuffer(content, "<f4", offset=start)
    names = [signal["name"] for signal in header["signals"]]
    edited = [edit["name"] for edit in (header["edits"] or {"numbers": ()})["numbers"]]
    arrays = values.reshape(len(names) + len(edited), header["steps"], header["units"])
    signals, beside = dict(zip(names, arrays, strict=False)), dict(zip(edited, arrays[len(names) :], strict=True))
    return Sent(header, signals, len(content), beside)


def stage_of(at: AppTest) -> Sent:
    """The one stage on the page."""
    return unpack(bytes_of(at))


def bytes_of(at: AppTest) -> bytes:
    """What the stage is sent, as it is sent."""
    content: bytes = _stage(at).bytes
    return content


def posts_of(at: AppTest) -> list[bytes]:
    """What the stage has asked for, on its way there."""
    return [one.proto.bytes for one in at.get("bidi_component") if one.proto.component_name == "carousel_post"]


def stage_moves(at: AppTest, step: int, unit: int) -> AppTest:
    """The stage tells that it has settled there, as a browser does."""
    return told(at, WidgetState(id=_stage(at).id, json_value=json.dumps({"place": {"step": step, "unit": unit}})))


def stage_asks(at: AppTest, unit: int | None, reading: str = "") -> AppTest:
    """The stage asks for the arithmetic of a unit, or of all; of what it shows, or of another reading."""
    asked = {"event": "arithmetic", "value": {"id": reading or stage_of(at).header["id"], "unit": unit}}
    events = f"$$STREAMLIT_INTERNAL_KEY_{_stage(at).id}__events"
    return told(at, WidgetState(id=events, json_trigger_value=json.dumps([asked])))


def _stage(at: AppTest) -> Any:
    (stage,) = (one.proto for one in at.get("bidi_component") if one.proto.component_name == "carousel_stage")
    return stage


def told(at: AppTest, message: WidgetState) -> AppTest:
    """A run with a message of a component's own: AppTest has a way to send those of Streamlit's widgets alone."""
    states = at._tree.get_widget_states()
    states.widgets.append(message)
    return check(at._run(states))


def card_on(at: AppTest) -> Card:
    """The card of the model that is being read."""
    return card_of(stage_of(at).header["link"]["model"])


@dataclass(frozen=True)
class Chart:
    """A chart as the browser gets it, its arrays as numpy."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


def charts(at: AppTest) -> list[Chart]:
    specs = [_arrays(json.loads(chart.proto.spec)) for chart in at.get("plotly_chart")]
    return [Chart(spec["data"], spec["layout"]) for spec in specs]


def curve_of(at: AppTest, model: str) -> Array:
    """The curve of a network among its siblings, in the last chart of the page on gradients."""
    curves = {curve["name"]: curve["customdata"] for curve in charts(at)[-1].data}
    found: Array = curves[card_of(model).cell.upper()]
    return found


def words(at: AppTest) -> str:
    """All that the page says in Markdown."""
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def _arrays(value: Any) -> Any:
    if isinstance(value, list):
        return [_arrays(item) for item in value]
    if not isinstance(value, dict):
        return value
    if {"dtype", "bdata"} <= set(value):
        flat = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return flat.reshape([int(size) for size in str(value.get("shape", len(flat))).split(",")])
    return {name: _arrays(item) for name, item in value.items()}
