"""Wherever the parser can stop there is a sentence written by hand, and every text is read or explained."""

from itertools import product

import pytest

from ticketlang.grammar import table
from ticketlang.parse import parse
from ticketlang.source import Source
from ticketlang.stops import AFTER

PIECES = ("a", "1", "2%", '"s"', ",", "+", "=", "{", "}", ";", "\n")


def test_every_state_of_the_parser_has_a_sentence() -> None:
    """A rule or a sign that is added to the grammar needs one here, too."""
    states = range(len(table().states))
    assert {table().last_read(state) for state in states} == AFTER.keys()


def test_all_ways_into_a_state_end_with_the_same_symbol() -> None:
    """What a sentence is chosen by: more than one would make the choice an accident."""
    entered: dict[int, set[str]] = {}
    for actions in table().states:
        for symbol, goal in actions.items():
            if goal >= 0:
                entered.setdefault(goal, set()).add(symbol)
    assert all(len(symbols) == 1 for symbols in entered.values())


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_short_text_is_read_or_explained(length: int) -> None:
    """All texts of so many pieces: a tree, and a sentence for each thing that has no place in it."""
    sentences = {sentence for _, sentence in AFTER.values()}
    for pieces in product(PIECES, repeat=length):
        tree, complaints = parse(Source("s", " ".join(pieces)))
        if tree is None:  # it opens as JSON does
            assert [complaint.code for complaint in complaints] == ["another-language"]
            assert {"{", '"s"'} <= set(pieces)
        for complaint in complaints:
            if complaint.code in {"missing-item", "statement-expected", "line-end-expected"}:
                expected, _, found = complaint.message.rpartition(", found ")
                assert expected in sentences
                assert found == "the end of the line" or found.strip("`") in PIECES


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 a", "a statement opens with a word, found `1`"),
        ("a b\n, c", "a statement opens with a word, found `,`"),
        ("a { 1 }", "a block holds statements, and each opens with a word, found `1`"),
        ("a , b", "what is said after a word begins with another word, a quantity or a string, found `,`"),
        ("a + b", "what is said after a word begins with another word, a quantity or a string, found `+`"),
        ("a b, , c", "a list goes on after a comma, found `,`"),
        ("a b + , c", "`+` stands between two things, found `,`"),
        ("a b +\nc", "`+` stands between two things, found the end of the line"),
        ("a b = + c", "what a name stands for comes after `=`, found `+`"),
        ("a { b } c", "after the brace that closes a block comes a new line, found `c`"),
    ],
)
def test_the_sentence_says_what_may_stand_there(text: str, sentence: str) -> None:
    _, complaints = parse(Source("s", text))
    assert [complaint.message for complaint in complaints] == [sentence]
