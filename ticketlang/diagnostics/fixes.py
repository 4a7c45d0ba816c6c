"""What mends a mistake for certain: edits of the text it stands in, and when a name is a slip of another."""

import re
from collections.abc import Sequence

from attrs import frozen

from ..source import Source, Span

# What people call our words where the phrase after them is the same.
RENAMED = frozenset(
    {
        ("lr", "rate"),
        ("learning_rate", "rate"),
        ("batch_size", "batch"),
        ("max_length", "length"),
        ("max_seq_length", "length"),
        ("metrics", "metric"),
        ("labels", "label"),
        ("sources", "source"),
        ("pruning", "prune"),
        ("sparsities", "sparsity"),
        ("target_sparsity", "sparsity"),
        ("levels", "sparsity"),
        ("seed", "seeds"),
        ("baseline", "baselines"),
        ("transfers", "transfer"),
        ("claims", "claim"),
        ("title", "question"),
        ("import", "use"),
        ("include", "use"),
        ("acc", "accuracy"),
        ("mcc", "matthews"),
        ("em", "exact_match"),
    }
)


WORD = re.compile(r"[^\W\d]\w*[ \t]+$")  # of a statement, before its phrase
NEXT = re.compile(r"[ \t]*;[ \t]*")
LAST = re.compile(r"[ \t]*;[ \t]*$")


@frozen(repr=False)
class Edit:
    """A text in place of what a span covers."""

    at: Span
    text: str


def without_statement(phrase: Span) -> tuple[Edit, ...]:
    """Takes out the statement whose phrase this is: with its line where it has one of its own, or with a `;`."""
    text = phrase.source.text
    begin = text.rfind("\n", 0, phrase.start) + 1
    end = text.find("\n", phrase.stop) % (len(text) + 1)  # of the last line, that of the text
    before, after = text[begin : phrase.start], text[phrase.stop : end]
    if (word := WORD.search(before)) is None:
        return ()
    before = before[: word.start()]
    start, stop = begin + len(before), phrase.stop
    if not before.strip() and not after.strip():
        start, stop = begin, min(end + 1, len(text))
    elif (behind := NEXT.match(after)) is not None:
        stop += behind.end()
    elif (ahead := LAST.search(before)) is not None:
        start = begin + ahead.start()
    return (Edit(phrase.source.span(start, stop), ""),)


def without_side(word: str, said: Span) -> tuple[Edit, ...]:
    """Takes out `from mlm` or `at 70%` of an arm in a claim, where this is what stands after the word."""
    before = re.search(rf"[ \t]+{word}[ \t]+$", said.source.text[max(0, said.start - 100) : said.start])
    return () if before is None else (Edit(said.source.span(said.start - len(before[0]), said.stop), ""),)


def is_slip(name: str, meant: str) -> bool:
    """Whether one name is the other but for case, one letter too many, too few or wrong, or two that changed places."""
    name, meant = name.lower(), meant.lower()
    if name == meant or (name, meant) in RENAMED:
        return True
    if len(meant) < 4:  # one letter is too much of so short a name
        return False
    start = next((i for i, (a, b) in enumerate(zip(name, meant, strict=False)) if a != b), min(len(name), len(meant)))
    ours, theirs = name[start:], meant[start:]
    swapped = ours[1:2] + ours[:1] + ours[2:]
    return theirs in {swapped, ours[1:]} or theirs[1:] in {ours, ours[1:]}


def mended(source: Source, fixes: Sequence[tuple[Edit, ...]]) -> tuple[str, int]:
    """The text of a source with fixes applied, and how many were; one that meets an earlier one is left for later."""
    taken: list[Edit] = []
    count = 0
    for fix in fixes:
        meets = any(ours.at.start < edit.at.stop and edit.at.start < ours.at.stop for ours in taken for edit in fix)
        if fix and not meets and all(edit.at.source is source for edit in fix):
            taken += fix
            count += 1
    text = source.text
    for edit in sorted(taken, key=lambda edit: edit.at.start, reverse=True):
        text = text[: edit.at.start] + edit.text + text[edit.at.stop :]
    return text, count
