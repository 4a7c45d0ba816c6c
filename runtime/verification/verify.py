"""The walk over a store: every question to every result, and what came of it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from attrs import field, frozen
from rich.text import Text
from safetensors import SafetensorError

from ticketlang.jobs import JobKey
from ticketlang.plain import plain

from ..masks import BadMaskFile
from ..store import Artifact, DamagedError, Store
from . import lines, masks, records, selection, trainings, weights
from .questions import Answer, Question, Tally
from .shelf import Shelf, Unknowable, name_of

QUESTIONS = (
    Question("files", "are the bytes that were written", records.files),
    Question("keys", "follow from the settings beside them", records.keys),
    Question("inputs", "are in the store", records.inputs),
    Question("checks", "of certificates hold", records.certificates),
    Question("matrices", "lose as many weights as their results say", masks.counts),
    Question("scopes", "have a mask for each matrix that they name", masks.scopes),
    Question("patterns", "and whole units are kept in every matrix", masks.shapes),
    Question("levels", "keep nothing that the level before removed", masks.nesting),
    Question("masks", "are the same, bit for bit, when they are chosen again", selection.selection),
    Question("masked runs", "certify the sparsity of their mask in every matrix", masks.measured),
    Question("trained tickets", "are zero where their mask says so", weights.zeros),
    Question("trainings", "began with the weights of their declared point", weights.origins),
    Question("heads", "are those that their trainings were to begin with", weights.heads),
    Question("steps", "were taken at the rates of their schedule", trainings.rates),
    Question("facts", "of certificates follow from the settings beside them", trainings.facts),
    Question("scores", "are by the metrics of their task, and possible", trainings.scores),
    Question("examples", "are the same wherever the same were read", trainings.examples),
    Question("scored points", "of lines between trainings are those of their ends, and give the barrier", lines.lines),
    Question("lines", "are as long as their ends are apart, and have as many signs in common", lines.distances),
)

BEYOND = "Whether a network scores what is said of it needs the examples, which no store holds: run the study anew."

Looking = Callable[[int, int, str], None]  # results looked at, results in all, what the next one is called


def in_silence(done: int, total: int, name: str) -> None:
    """Nobody watches."""


@frozen
class Finding:
    """Something that is not as a result claims."""

    result: str  # what people call it
    sentence: str


@frozen
class Verified:
    """What a verification looked at, and what it found."""

    results: int
    tallies: tuple[Tally, ...]
    findings: tuple[Finding, ...] = field(factory=tuple)
    damaged: Mapping[JobKey, Path] = field(factory=dict)  # results with other files than were written -> their folders

    def view(self) -> Iterator[Text]:
        """A line for each question, a sentence for each finding, and what they come to."""
        for tally in self.tallies:
            if tally.looked_at or tally.skipped or tally.let_off:
                yield _line(tally)
        yield Text()
        if any(tally.looked_at for tally in self.tallies if tally.question.things == "scores"):
            yield Text(BEYOND, style="dim")
            yield Text()
        for found in self.findings:
            yield Text.assemble(("✗ ", "bold red"), plain(f"{found.result}: {found.sentence}"))
        results = f"{self.results} result{'s' * (self.results != 1)}"
        if self.findings:
            count = len(self.findings)
            yield Text(f"{results} verified: {count} finding{'s' * (count != 1)}.", style="bold red")
        else:
            yield Text(f"{results} verified: all that can be recomputed holds.", style="bold green")


def verify(
    store: Store,
    models: Mapping[str, Path] | None = None,
    only: Collection[JobKey] | None = None,
    looking: Looking = in_silence,
) -> Verified:
    """Ask everything of every result. Nothing is written.

    Args:
        models: folders of pre-trained models by digest, where they are at hand.
        only: keys of the results that are meant; None: all.

    Raises:
        StoreError: the store itself cannot be read.
    """
    shelf = Shelf(store, models or {})
    keys = [key for key in sorted(shelf.there) if only is None or key in only]
    tallies = tuple(Tally(question) for question in QUESTIONS)
    findings: list[Finding] = []
    damaged: dict[JobKey, Path] = {}
    for number, key in enumerate(keys):
        artifact = store.artifact(key)
        name = name_of(artifact)
        looking(number, len(keys), name)
        for tally in tallies:
            findings += (Finding(name, sentence) for sentence in _asked(tally, artifact, shelf))
        if artifact.verify():  # files that were read above are not read again
            damaged[key] = artifact.folder
    return Verified(len(keys), tallies, tuple(findings), damaged)


def _asked(tally: Tally, artifact: Artifact, shelf: Shelf) -> tuple[str, ...]:
    """Count an answer, and give what is wrong in it."""
    try:
        answer = tally.question.ask(artifact, shelf)
    except Unknowable as reason:
        tally.skipped[str(reason)] += 1
        return ()
    except DamagedError:  # a finding of the first question, here or at the result that is damaged
        tally.skipped["files are damaged"] += 1
        return ()
    except (BadMaskFile, SafetensorError, KeyError, ValueError, TypeError, AttributeError) as problem:
        answer = Answer(1, (f"cannot be understood: {type(problem).__name__} {problem}",))
    if answer is None:
        return ()
    tally.add(answer)
    return answer.wrong


def _line(tally: Tally) -> Text:
    """What holds, and below it what could not be looked at; where nothing could, that stands in its place."""
    held = max(tally.looked_at - tally.wrong, 0)
    of = f"of {tally.looked_at:,} " if tally.wrong else ""
    question = tally.question
    line = Text(f"{question.things:16}")
    if tally.looked_at or tally.wrong:
        line.append(f"{held:>7,}", style="bold red" if tally.wrong else "bold").append(f"  {of}{question.hold}")
    rest = [(count, f"not recomputed: {reason}") for reason, count in tally.skipped.most_common()]
    if tally.let_off:
        rest.append((tally.let_off, "not checked: made by an earlier release, which certified less"))
    for number, (count, why) in enumerate(rest):
        place = "" if number == 0 and not tally.looked_at else f"\n{'':16}"
        line.append(f"{place}{count:>7,}  {why}", style="dim")
    return line
