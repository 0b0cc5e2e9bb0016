"""Every page on networks of one's own, of every kind that a file can hold: none shows a fault or claims what nobody measured, none is
seen by another session, and what is closed is gone."""

from __future__ import annotations

import gc
import math
import string
import tomllib
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from streamlit.runtime.caching.cache_resource_api import clear_session_cache
from streamlit.testing.v1 import AppTest
from torch import nn

from explorer import models
from explorer.cells import Stack, build
from explorer.models.checkpoints import Choice, Contents, Linear, Recurrent, likely, limits
from explorer.models.checkpoints.card import OwnCard
from explorer.models.checkpoints.contents import Route
from explorer.models.model import Model
from explorer.models.stages import Ends, Layers, RunningMax
from explorer.studio import own, sentences
from explorer.studio.own import Own
from explorer.studio.state import FIRST_MODEL
from explorer.studio.your_model.choosing import NUMBERS
from tests.app.driving import (
    APP,
    CELLS,
    GATES,
    LEDGER,
    LIBRARY,
    PAGES,
    VIEWS,
    charts,
    check,
    choose,
    press,
    stage_of,
    words,
)

LETTERS = tuple(string.ascii_letters + " .,\"'!?\n")
WORDS = ("<pad>", "<unk>", "the", "story", "is", "dull", "but", "acting", "wonderful", ".", ",")
UNITS, INPUTS = 5, 3
YOURS, DIAGNOSIS = "pages/library/own.py", "pages/library/diagnosis.py"
ANSWER = "own It answers with"
BESIDE = ("With and without", "Side by side", "Differences", "Scores")
PARTS = ("Itemised", "Truncated", "Clipped", "The update")
REACH = ("How far", "Every pair", "Two paths", "Why", "Every signal")
TABS = [
    *((PAGES["belt"], "ledger", tab) for tab in LEDGER),
    *((PAGES["gates"], "gates", tab) for tab in GATES),
    *((PAGES["hidden"], "view", tab) for tab in VIEWS),
    *((PAGES["gradients"], "reach", tab) for tab in REACH),
    *((PAGES["step"], "part", tab) for tab in PARTS),
    *((PAGES["compare"], "beside", tab) for tab in BESIDE),
]


def layers(
    cell: str, inputs: int = INPUTS, units: int = UNITS, rows: int = 1, both: bool = False, **options: Any
) -> Recurrent:
    """Random ones, the same every time, under the names of a file."""
    torch.manual_seed(0)
    made = build(cell, inputs, units, rows, both, **options)
    return Recurrent("rnn", cell, inputs, units, dict(made.state_dict()), rows, both, options)


def linear(outputs: int, inputs: int = UNITS) -> Linear:
    made = nn.Linear(inputs, outputs)
    return Linear(made.weight.detach(), made.bias.detach())


def tokens(found: Recurrent, symbols: tuple[str, ...] = LETTERS, ids: int = 0, outputs: int = 0) -> Contents:
    """Of symbols, or of ids whose names nobody gave."""
    count = len(symbols) or ids
    dtype = found.weights["weight_hh"].dtype
    head = linear(outputs or count)
    table = torch.randn(count, INPUTS).to(dtype)
    return Contents(
        "PyTorch", (found,), {"emb": table}, {"fc": Linear(head.weight.to(dtype), head.bias.to(dtype))}, symbols
    )


def numbers(found: Recurrent, outputs: int = 0) -> Contents:
    return Contents("PyTorch", (found,), {}, {"fc": linear(outputs)} if outputs else {})


def one_hot() -> Contents:
    return Contents("PyTorch", (layers("rnn", len(LETTERS)),), {}, {"fc": linear(len(LETTERS))}, LETTERS)


def spoilt(value: float) -> Contents:
    """One of its weights is no number that can be reckoned with."""
    found = layers("lstm")
    found.weights["weight_hh"][1, 2] = value
    return tokens(found)


def both_ways_to_a_class() -> Contents:
    """The file's own graph: a norm, layers that read both ways, the last state of each direction, two linear layers."""
    torch.manual_seed(0)
    after = (Ends(), nn.Linear(2 * UNITS, 6), nn.ReLU(), nn.Linear(6, 3))
    parts = ("emb", "norm", "rnn", "fc1 (relu)", "fc2 (softmax)")
    return routed(layers("lstm", both=True), Route("emb", (nn.LayerNorm(INPUTS),), after, True, "class", parts))


def pooled_above_other_layers() -> Contents:
    """Layers of another size above those shown, and the largest of their h over the text."""
    torch.manual_seed(0)
    above = Layers(Stack.of(build("gru", UNITS, 3)))
    after = (above, RunningMax(), nn.Linear(3, 2), nn.Tanh())
    return routed(layers("gru"), Route("emb", (), after, True, "number", ("emb", "rnn", "gru", "max", "fc (tanh)")))


def routed(found: Recurrent, route: Route) -> Contents:
    return Contents("Keras", (replace(found, route=route),), {"emb": torch.randn(len(LETTERS), INPUTS)}, {}, LETTERS)


def exploding() -> Contents:
    """Each step multiplies h by so much that float32 does not hold it for long."""
    found = layers("rnn", nonlinearity="relu")
    found.weights["weight_hh"].fill_(1e9)
    return tokens(found)


def double() -> Contents:
    found = layers("lstm")
    return tokens(replace(found, weights={name: weight.double() for name, weight in found.weights.items()}))


KINDS: dict[str, tuple[Callable[[], Contents], dict[str, Any]]] = {
    "characters": (lambda: tokens(layers("lstm")), {}),
    "ids": (lambda: tokens(layers("lstm"), (), 30), {}),
    "two classes of ids": (lambda: tokens(layers("gru"), (), 30, 2), {}),
    "named classes of words": (
        lambda: tokens(layers("gru"), WORDS, outputs=3),
        {"answer": "class", "labels": ("bad", "so so", "<b>good</b>")},
    ),
    "both ways, without a readout": (lambda: numbers(layers("gru", rows=2, both=True)), {}),
    "a number": (lambda: numbers(layers("rnn", 2, nonlinearity="relu"), 1), {"answer": "number"}),
    "a forecast": (lambda: numbers(layers("lstm", 1), 1), {"answer": "forecast"}),
    "ids, without a readout": (lambda: tokens(layers("lstm"), (), 30), {"readout": None, "answer": "number"}),
    "a number of words": (lambda: tokens(layers("gru"), WORDS, outputs=1), {"answer": "number"}),
    "classes of 257 numbers": (lambda: numbers(layers("lstm", 257), 3), {"answer": "class"}),
    "one-hot": (one_hot, {}),
    "NaN in the weights": (lambda: spoilt(torch.nan), {}),
    "Inf in the weights": (lambda: spoilt(torch.inf), {}),
    "exploding": (exploding, {}),
    "float64": (double, {}),
    "one unit": (lambda: Contents("NumPy", (layers("lstm", 1, 1),)), {}),
    "peepholes": (lambda: tokens(layers("lstm-peephole")), {}),
    "both ways to a class": (both_ways_to_a_class, {}),
    "pooled above other layers": (pooled_above_other_layers, {}),
}


def dropped(kind: str) -> Own:
    """As it is in a session in which such a file was dropped."""
    make, wanted = KINDS[kind]
    contents = make()
    choice: Choice = replace(likely(contents), **wanted)
    return own.build_own(f"*{kind}*.pt", contents, choice)


def session(here: Own, page: str = "", variant: str = "", link: Mapping[str, str] | None = None) -> AppTest:
    """The app in a session that has this network, opened on a page by a link to it, or to an untrained one beside it."""
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.session_state[own.KEY] = here
    for name, value in {"model": f"{name_of(here)}{variant}", **(link or {})}.items():
        at.query_params[name] = value
    return check((at.switch_page(page) if page else at).run())


def name_of(here: Own) -> str:
    assert here.model is not None
    return here.model.name


def card_of(here: Own) -> OwnCard:
    assert here.model is not None and isinstance(here.model.card, OwnCard)
    return here.model.card


each_kind = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("characters", "Inf in the weights")]
)
"""Those two are looked at by the tests that follow."""


@pytest.mark.cases(4)
@each_kind
def test_every_page(kind: str) -> None:
    """One title, no fault, and neither a score nor an origin that nobody knows of."""
    here = dropped(kind)
    at = session(here)
    assert stage_of(at).header["link"]["model"] == name_of(here)
    for page in (*PAGES.values(), LIBRARY, CELLS, YOURS, DIAGNOSIS):
        check(at.switch_page(page).run())
        said = words(at)
        assert len(at.title) == 1 and [one.value for one in at.warning if "is a guess" not in one.value] == []
        guessed = here.choice.readout is not None
        assert ("is a guess" in said.replace("\\", "")) == guessed, "on every page"
        assert "held-out" not in said and "it never saw" not in said
        assert page in (LIBRARY, CELLS) or sentences.of_score(card_of(here)) in said
        assert not [one for one in at.button if one.key == "random"], "there is nothing to draw an excerpt from"


@pytest.mark.cases(6)
@pytest.mark.parametrize("kind", ["Inf in the weights", "both ways to a class", "pooled above other layers"])
@pytest.mark.parametrize(("page", "key", "tab"), TABS)
def test_every_tab(page: str, key: str, tab: str, kind: str) -> None:
    """Of a network of which much is not a number, and of those whose answer is more than one linear layer on h."""
    assert len(session(dropped(kind), page, link={key: tab}).title) == 1


@pytest.mark.parametrize("kind", ["named classes of words", "float64", "both ways, without a readout"])
def test_an_untrained_one_beside_it(kind: str) -> None:
    """Has the switch at the left with it, its precision, and stands beside it on the page that compares."""
    here = dropped(kind)
    at = session(here, PAGES["compare"], "~mgu~0", {"beside": "Side by side"})
    offered = at.segmented_control(key="model").options
    assert offered == [card_of(here).cell.upper(), "MGU"]
    assert "untrained MGU" in words(at)


def test_its_card_claims_nothing() -> None:
    """What it is, and neither a seed, a licence nor a command; its file's name is shown and not interpreted."""
    here = dropped("named classes of words")
    at = session(here, LIBRARY)
    (facts,) = (table.value for table in at.dataframe)
    assert set(facts["what"]) == {"cell", "units", "parameters", "reads", "answers with"}
    assert not at.code
    assert at.header[0].value.startswith(sentences.plain("*named classes of words*.pt"))


def test_what_is_no_number_is_said_or_marked() -> None:
    here = dropped("NaN in the weights")
    assert "NaN or infinite" in words(session(here, PAGES["hidden"], link={"view": VIEWS[0]}))
    assert "NaN or infinite" in words(session(here, PAGES["belt"], link={"ledger": LEDGER[1], "step": "9"}))
    (shown,) = charts(session(here, PAGES["hidden"], link={"view": VIEWS[1]}))
    assert len(shown.data) > 1, "a mark above the units beside the picture itself"


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (PAGES["gradients"], {"reach": "Every pair"}),
        (PAGES["gradients"], {"reach": "Two paths"}),
        (PAGES["gradients"], {"reach": "Why"}),
        (PAGES["step"], {}),
        (PAGES["compare"], {"beside": "With and without"}),
    ],
)
def test_too_much_work_is_said_before_it_begins(
    page: str, link: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = dropped("characters")
    monkeypatch.setattr("explorer.models.checkpoints.limits.MOST_WORK", 10)
    for work in ("gradient_matrix", "paths", "spectra", "itemised", "deletions"):
        monkeypatch.setattr(f"explorer.studio.service.{work}", _too_late)
    (said,) = session(here, page, link={"step": "9", **link}).info
    assert "would overload this shared server" in said.value


def _too_late(*_: Any, **__: Any) -> None:
    raise AssertionError("it began")


def test_to_a_shipped_task_and_back() -> None:
    """Each has its own text: none is left to read what only the other can."""
    here = dropped("a forecast")
    at = session(here, YOURS)
    press(at, "task")
    press(at, "menu english")
    check(at.switch_page(PAGES["watch"]).run())
    assert stage_of(at).header["link"]["model"] == FIRST_MODEL
    check(at.switch_page(YOURS).run())
    press(at, "own_open")
    check(at.switch_page(PAGES["watch"]).run())
    assert stage_of(at).header["link"]["model"] == name_of(here)
    assert at.text_area(key="text").value == card_of(here).show.text


def test_another_session_does_not_see_it() -> None:
    """A link to it is answered with a notice and the first network, while its own session goes on."""
    here = dropped("characters")
    mine = session(here)
    other = AppTest.from_file(str(APP), default_timeout=60)
    other.query_params["model"] = name_of(here)
    check(other.run())
    assert stage_of(other).header["link"]["model"] == FIRST_MODEL
    assert "uploaded network" in other.warning[0].value and own.KEY not in other.session_state
    assert stage_of(check(mine.run())).header["link"]["model"] == name_of(here)


def test_what_is_closed_is_gone() -> None:
    """Once pages have computed with it, and an untrained one beside it: the network, what was found in the file, and all that was kept."""
    here = dropped("characters")
    at, model = session(here), weak(here)
    for page in (PAGES["step"], PAGES["compare"], PAGES["what-if"], CELLS):
        check(at.switch_page(page).run())
    check(at.switch_page(YOURS).run())
    del here
    press(at, "own_close")
    gc.collect()
    assert model() is None
    assert stage_of(check(at.switch_page(PAGES["watch"]).run())).header["link"]["model"] == FIRST_MODEL


def test_what_takes_its_place_lets_it_go() -> None:
    """The readout was taken for another thing: the network is made anew, and the one before is gone."""
    here = dropped("a number")
    at, model = session(here), weak(here)
    del here
    check(at.switch_page(YOURS).run())
    meaning = at.selectbox(key=ANSWER)
    check(meaning.set_value(meaning.options[-1]).run())
    gc.collect()
    assert model() is None


def test_a_session_that_ends_lets_it_go() -> None:
    here = dropped("characters")
    at, model = session(here, PAGES["compare"]), weak(here)
    del here
    clear_session_cache("test session id")  # as Streamlit does it at the end of each; of tests it has but one
    del at
    gc.collect()
    assert model() is None


def test_the_server_takes_files_as_large_as_are_read() -> None:
    """The uploader's own limit is for the browser; the server has one for all uploaders, and refuses what is above it."""
    with (APP.parent / ".streamlit" / "config.toml").open("rb") as file:
        most = tomllib.load(file)["server"]["maxUploadSize"]
    assert most == limits.MOST_BYTES // limits.MEGABYTE


def weak(here: Own) -> weakref.ref[Model]:
    assert here.model is not None
    return weakref.ref(here.model)


def test_switching_between_it_and_what_stands_beside_it() -> None:
    here = dropped("characters")
    at = session(here, "", "~mgu~0")
    assert stage_of(choose(at, name_of(here))).header["link"]["model"] == name_of(here)


def test_what_is_read_changes_the_answer_with_it() -> None:
    """As many outputs as ids are the next one; where numbers are read instead, there is no next token that could be meant."""
    here = dropped("ids")
    at = session(here, YOURS)
    check(at.selectbox(key="own Embedding").set_value(NUMBERS).run())
    assert at.session_state[own.KEY].choice.answer != "next token"
    assert [one.value for one in at.warning if "is a guess" not in one.value] == []
    for page in (PAGES["watch"], PAGES["gradients"], PAGES["step"]):
        check(at.switch_page(page).run())


def test_long_tokens_and_many_columns_are_cut_wherever_they_are_told() -> None:
    """The notice of an unknown word, the label of the text box, what the stage is sent: none is as long as the token."""
    at = session(dropped("named classes of words"))
    at.text_area(key="text").set_value("the " + "x" * 100_000 + " is")
    check(at.run())
    assert "Unknown to this network" in words(at) and max(map(len, words(at).split())) < 100
    header = stage_of(at).header
    assert header["shown"][1] == "x" * 23 + "…" and max(map(len, header["names"])) < 50
    many = session(dropped("classes of 257 numbers"))
    assert len(many.text_area(key="text").label) < 100
    header = stage_of(many).header
    assert max(map(len, header["shown"])) < 15 and max(map(len, header["names"])) < 50


def test_a_known_pair_is_compared() -> None:
    """With the answer of the network itself, and then with another; the pair stays when a choice changes, and can be removed."""
    here = dropped("two classes of ids")
    assert here.model is not None
    at = session(here, YOURS)
    scores = models.predict(here.model, "1 2 3")[-1]
    at.text_input(key="own_pair_input").set_value("1 2 3")
    at.text_area(key="own_pair_output").set_value(", ".join(f"{math.exp(score):.6f}" for score in scores))
    check(at.button(key="own_pair_compare").click().run())
    assert "agrees with the one known pair" in words(at) + "".join(one.value for one in at.success)
    assert not [one for one in at.warning if "guess" in one.value]
    at.text_area(key="own_pair_output").set_value("0.5, 0.5")
    check(at.button(key="own_pair_compare").click().run())
    assert "does not agree with the one known pair" in "".join(one.value for one in at.warning)
    at.text_area(key="own_pair_output").set_value("0.1, 0.2, 0.7")
    check(at.button(key="own_pair_compare").click().run())
    assert "has 3 values" in "".join(one.value for one in at.warning)
    check(at.button(key="own_pair_remove").click().run())
    assert "is a guess" in "".join(one.value for one in at.warning)
