"""Thirty laptops, one link: each sends a new text every two seconds. Clients that speak Streamlit's protocol, without browsers,
so that the two cores are the server's.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks.measure import Row
from tests.browser.harness import ROOT, Server

SESSIONS, TEXTS, THINK = 30, 8, 2.0
BUDGET = 1.5


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, Server(ROOT / "app.py", Path(folder) / "log") as server:
        address = server.url.replace("http", "ws") + "/_stcore/stream"
        asyncio.run(pupil(address, 0, texts=1))  # the server is warm from here on
        times, errors = asyncio.run(classroom(address))
        errors += server.log.count("Traceback")
    slowest = quantiles(times, n=20)[-1]
    yield Row(what=f"{SESSIONS} sessions, median of {len(times)} reruns", value=f"{median(times) * 1e3:.0f} ms")
    yield Row(
        what=f"{SESSIONS} sessions, 95 % of reruns within; {errors} errors",
        value=f"{slowest * 1e3:.0f} ms",
        budget=f"≤ {BUDGET * 1e3:g} ms",
        met=slowest <= BUDGET and not errors,
    )


async def classroom(address: str) -> tuple[list[float], int]:
    """The seconds of every rerun, and how many of them showed an exception."""
    done = await asyncio.gather(*(pupil(address, number, TEXTS) for number in range(1, SESSIONS + 1)))
    return [taken for times, _ in done for taken in times], sum(errors for _, errors in done)


async def pupil(address: str, number: int, texts: int) -> tuple[list[float], int]:
    """One session: opens the first page, then sends texts, thinking in between."""
    dice, times, errors = random.Random(number), [], 0
    async with websockets.connect(address, max_size=None, subprotocols=["streamlit"]) as socket:  # type: ignore[list-item]
        await asyncio.sleep(dice.random() * THINK if texts > 1 else 0)
        await socket.send(rerun({}))
        box, failed = await finished(socket)
        for _ in range(texts):
            await asyncio.sleep(dice.uniform(0.5, 1.5) * THINK if texts > 1 else 0)
            text = "".join(dice.choices("abcdefghijklmnopqrstuvwxyz  ", k=100))
            started = time.perf_counter()
            await socket.send(rerun({box: text}))
            _, failed = await finished(socket)
            times.append(time.perf_counter() - started)
            errors += failed
    return times, errors


def rerun(strings: dict[str, str]) -> bytes:
    """A request to run the page, with the values of its text boxes by widget id."""
    message = BackMsg()
    message.rerun_script.query_string = "step=1"
    for identity, text in strings.items():
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.string_value = identity, text
    return message.SerializeToString()


async def finished(socket: Any) -> tuple[str, int]:
    """Reads until the run is over: the id of the text box, and how many exceptions were shown."""
    box, exceptions = "", 0
    while True:
        message = ForwardMsg.FromString(await socket.recv())
        element = message.delta.new_element
        if element.WhichOneof("type") == "text_area":
            box = element.text_area.id
        exceptions += element.WhichOneof("type") == "exception"
        if message.WhichOneof("type") == "script_finished":
            return box, exceptions
