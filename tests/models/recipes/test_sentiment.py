"""Snippets come from the archive in the archive, each on one side; a verdict counts at the last word; lexicon and sum."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from explorer.models.corpus import CorpusUnavailable, PypiPackage
from explorer.models.lexicon import valences
from explorer.models.recipes import sentiment

RATED = [(0.5, "A ''good'' film &amp; more"), (-1.2, "Bad ."), (0.0, "Neither"), (2.0, "bad .")] + [
    (1.0 if number % 3 else -1.0, f"A film number {number} , good") for number in range(5, 41)
]


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source archive with these ratings and a lexicon of two words."""
    table = "".join(f"{number}\t{rating}\t{text}\n" for number, (rating, text) in enumerate(RATED, start=1)).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
        info.size = len(table)
        archive.addfile(info, io.BytesIO(table))
    files = {
        sentiment.RATINGS: out.getvalue(),
        "vaderSentiment/vader_lexicon.txt": b"good\t1.9\t0.9\t[2, 1]\nfilm40\t1\t1\t[1]\n12\t-1.0\t1\t[1]\n",
    }
    monkeypatch.setattr(PypiPackage, "data", lambda self, member: files[member])


def test_snippets(corpus: None) -> None:
    """Without those rated 0 and a text's second occurrence; the sign of the rating is the label."""
    found = sentiment.snippets()
    assert sorted(found) == [1, 2, *range(5, 41)]
    assert (found[1].text, found[1].answer) == ('A "good" film & more', "positive")
    assert (found[2].text, found[2].answer) == ("Bad .", "negative")


def test_an_archive_without_reviews(monkeypatch: pytest.MonkeyPatch, corpus: None) -> None:
    monkeypatch.setattr(sentiment, "files_of", lambda archive, wanted: {})
    with pytest.raises(CorpusUnavailable, match="has no movie reviews"):
        sentiment.snippets()


def test_the_sentiment_split(corpus: None) -> None:
    """What is held out, and what a seed is selected on, is not trained on."""
    data = sentiment.data()
    assert [example.text for example in data.held_out] == [RATED[number - 1][1] for number in (10, 20, 30, 40)]
    assert data.shipped == data.held_out
    assert not {"10", "15", "35", "40"} & set(data.reader.symbols)
    assert "good" in data.reader.symbols


def test_the_verdict_counts_at_the_last_word(corpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some words are made unknown, others at each step, the same ones again for the same seed."""
    data, budget = sentiment.data(), replace(sentiment.RECIPE.budget, batch=4)
    at = data.batches(budget, 1)
    first, again, other = at(0), data.batches(budget, 1)(0), data.batches(budget, 2)(0)
    assert first.weight is not None
    assert first.weight.sum(0).tolist() == [1] * 4
    assert (first.inputs == again.inputs).all()
    assert first.inputs.shape != other.inputs.shape or (first.inputs != other.inputs).any()
    monkeypatch.setattr(sentiment, "UNREAD", 0.0)
    whole = at(0)
    kept = first.inputs != 0
    assert (first.inputs[kept] == whole.inputs[kept]).all()
    assert 0 < (~kept & (whole.inputs != 0)).sum() < kept.sum()


def test_the_lexicon(corpus: None) -> None:
    """Words that the network knows, no numbers."""
    assert sentiment.lexicon() == {"good": 1.9}


def test_running_sentiment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upper or lower case; words that are not in the lexicon add nothing."""
    monkeypatch.setattr(sentiment, "valences", lambda: {"good": 2.0, "dull": -1.5})
    np.testing.assert_array_equal(sentiment.running_sentiment("Good , not dull good".split()), [2, 2, 2, 0.5, 2.5])


def test_the_shipped_lexicon() -> None:
    """Words in lower case, from -4 to 4, of both signs."""
    known = valences()
    assert known["wonderful"] > 0 > known["dull"]
    assert all(word == word.lower() and word.isalpha() and 0 < abs(valence) <= 4 for word, valence in known.items())
