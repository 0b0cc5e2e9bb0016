"""Choice of the tokenizer for a vocabulary: of characters, of words, or of pieces of words."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.models.vocabulary.normalisation import clusters
from explorer.models.vocabulary.pieces import BYTES, SENTENCE, Pieces, WordPieces, mark_of
from explorer.models.vocabulary.spaced import SpacedPieces
from explorer.models.vocabulary.symbols import OwnCharacters, OwnWords, plain


def reader_of(symbols: Sequence[str]) -> OwnCharacters | OwnWords | Pieces:
    """The reader for a vocabulary, decided by its symbols without marks such as "<pad>":

    pieces of words  a tenth of them carry a mark of BPE, WordPiece or SentencePiece: "Ġthe", "▁the", "the</w>", "##ing", "lo@@"
    words            more than half of them are longer than one visible character, and less than a tenth begin with a blank
    characters       all others, cut by longest match: letters with "ch" or a flag among them, SMILES, pieces that hold their blanks
    """
    symbols = tuple(symbols)
    if mark := mark_of(symbols):
        return (SpacedPieces if mark in (BYTES, SENTENCE) else WordPieces)(symbols, mark)
    every = plain(symbols)
    long = sum(len(clusters(symbol)) > 1 for symbol in every)
    spaced = sum(len(symbol) > 1 and symbol[0] == " " for symbol in every)
    return (OwnWords if 2 * long > len(every) > 10 * spaced else OwnCharacters)(symbols)
