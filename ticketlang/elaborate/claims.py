"""Claims: one sentence each, about arms at levels on targets."""

from fractions import Fraction
from typing import Literal

from attrs import define, field

from .. import diagnostics
from ..source import Span
from ..study import Claim, Quantifier
from ..syntax import Missing, Statement, Word
from ..vocabulary.fields import STUDY
from .complaints import Complaints, Misread
from .nearest import nearest
from .patterns import Names, Patterns
from .phrases import Reader, check_above_zero, text_of

QUANTIFIERS: tuple[Quantifier, ...] = ("every", "most", "some")  # of one word
KNOWN = (*QUANTIFIERS, "at least half the")
TARGETS = ("target", "targets")


@define(eq=False, repr=False)
class Sentence:
    """A claim as far as it has been read."""

    phrase: Reader
    names: Names
    places: dict[str, Span] = field(factory=dict)

    def read(self, name: str, sentence: str, at: Span) -> Claim:
        patterns = Patterns(self.phrase, self.names, self.places)
        left = patterns.take("left")
        relation, margin = self._relation(), Fraction(0)
        if relation == "is within":
            margin = self._points()
            self.phrase.take_words("of")
        right = patterns.take("right")
        if relation == "beats" and self.phrase.takes("by"):
            margin = self._points()
        quantifier, other, targets = self._targets()
        return Claim(
            name=name,
            left=left,
            relation=relation,
            right=right,
            margin=margin,
            quantifier=quantifier,
            other=other,
            targets=targets,
            sentence=sentence,
            at=at,
            places=self.places,
        )

    def _relation(self) -> Literal["is at least", "is within", "beats", "matches"]:
        if self.phrase.takes("is", "at", "least"):
            return "is at least"
        if self.phrase.takes("is", "within"):
            return "is within"
        if self.phrase.takes("beats"):
            return "beats"
        if self.phrase.takes("matches"):
            return "matches"
        raise self.phrase.misread("`is at least`, `is within`, `beats` or `matches`")

    def _points(self) -> Fraction:
        number = self.phrase.take_number("a number of points")
        margin = check_above_zero(self.phrase, number, "a margin")
        if not (self.phrase.takes("points") or self.phrase.takes("point")):
            raise Misread(
                diagnostics.UnitMissing(
                    at=number.at, number=number.text, right=f"{number.text} points", is_certain=True
                )
            )
        return margin

    def _targets(self) -> tuple[Quantifier, bool, tuple[str, ...]]:
        """`on every other target`, `on at least half the targets of glue`, `on mrpc, rte`. Unsaid: on every target."""
        if not self.phrase.takes("on"):
            return "every", False, ()
        quantifier = self._quantifier()
        if quantifier is None:
            self._refuse_other_quantifiers()
            return "every", False, self._named_targets()
        other = self.phrase.takes("other")
        if not any(self.phrase.takes(word) for word in TARGETS):
            raise self.phrase.misread("`target`")
        return quantifier, other, self._named_targets() if self.phrase.takes("of") else ()

    def _quantifier(self) -> Quantifier | None:
        if self.phrase.takes("at"):  # a fixed word, which cannot name a task
            self.phrase.take_words("least", "half")
            self.phrase.takes("of")
            self.phrase.take_words("the")
            return "at least half"
        return next((word for word in QUANTIFIERS if self.phrase.takes(word)), None)

    def _refuse_other_quantifiers(self) -> None:
        """`on all targets`: a word before `target` can only be meant as one of ours."""
        said, *after = (*self.phrase.parts[self.phrase.index :], None)
        if isinstance(said, Word) and any(isinstance(part, Word) and part.text in TARGETS for part in after[:2]):
            guess = nearest(said.text, QUANTIFIERS)
            raise Misread(diagnostics.UnknownQuantifier(at=said.at, name=said.text, nearest=guess, known=KNOWN))

    def _named_targets(self) -> tuple[str, ...]:
        targets: dict[str, None] = {}
        while not targets or self.phrase.takes_comma():
            name = self.phrase.take_name("the name of a task")
            for task in self.names.tasks.named(name, self.names.module):
                targets[task.name] = None
                self.places[f"on {task.name}"] = name.at
        return tuple(targets)


def claim_of(head: Statement, name: str, names: Names, complaints: Complaints) -> Claim | None:
    """The claim of a block; None: it was not understood."""
    sentences = head.block.statements if head.block else ()
    if len(sentences) > 1:
        at = sentences[1].at
        complaints.add(diagnostics.OneSentence(at=at, name=name, count=len(sentences)))
        return None
    if not sentences:
        if head.block is not None:
            complaints.add(diagnostics.OneSentence(at=head.at, name=name, count=0))
        return None
    (sentence,) = sentences
    if sentence.block is not None:
        example = STUDY["claim"].example
        complaints.add(diagnostics.UnexpectedBlock(at=sentence.block.at, word=sentence.word.at.text, example=example))
        return None
    phrase = Reader.of_sentence(sentence, STUDY["claim"])

    def read() -> Claim:
        claim = Sentence(phrase, names).read(name, _as_written(sentence), sentence.at)
        phrase.take_end()
        return claim

    return complaints.attempt(read)


def _as_written(sentence: Statement) -> str:
    word = "" if isinstance(sentence.word, Missing) else sentence.word.text
    return " ".join((word, ", ".join(text_of(item.parts) for item in sentence.items))).strip()
