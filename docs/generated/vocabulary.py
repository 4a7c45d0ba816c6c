"""The page of the words that a study may use."""

from collections.abc import Iterator

from ticketlang.vocabulary.arms import COMBINED, MASKS, WEIGHTS
from ticketlang.vocabulary.fields import BLOCKS, Field
from ticketlang.vocabulary.metrics import METRICS
from ticketlang.vocabulary.micro import MICRO
from ticketlang.vocabulary.prunings import ALLOCATIONS, PRUNINGS
from ticketlang.vocabulary.scopes import SCOPES
from ticketlang.vocabulary.sections import SECTIONS
from ticketlang.vocabulary.tasks import TASK_KINDS
from ticketlang.vocabulary.words import RESERVED, SYNONYMS

from .markdown import code, codes, table

# Where the language says no more of a block than which fields it has.
BLOCK_TITLES = {
    "file": "At the top of a file",
    "task": "In a `task`",
    "arm": "In an `arm`",
    "study": "In a `study`",
    "seeds": "In `seeds { ... }`",
    "ticket": "In a `ticket`",
}


def vocabulary() -> str:
    return "\n".join(
        [
            "# Vocabulary\n\nThe words that a study may use, with what each means. `ticketrun list` shows most of these"
            " tables in a terminal.\n",
            *_fields(),
            *_kinds(),
            *_metrics(),
            *_prunings(),
            *_scopes(),
            *_baselines(),
            "## Sections of a report\n",
            table(("section", "means"), ((code(row.name), row.means) for row in SECTIONS.values())),
            "## The built-in world\n",
            "What `data micro NAME` reads.\n",
            table(("text", "means"), ((code(row.name), row.means) for row in MICRO.values())),
            "## Words that cannot be names\n",
            f"{codes(sorted(RESERVED))}.\n",
            "## Words from elsewhere\n",
            "What is tried and what it is called here. A diagnostic says so, too.\n",
            table(("tried", "here"), ((code(tried), code(ours)) for tried, ours in SYNONYMS.items())),
        ]
    )


def _fields() -> Iterator[str]:
    for block, title in BLOCK_TITLES.items():
        yield f"## {title}\n"
        rows = BLOCKS[block].values()
        yield table(("field", "means", "for instance"), ((_field(row), row.means, code(row.example)) for row in rows))


def _field(row: Field) -> str:
    notes = [note for note, holds in (("required", row.is_required), ("may be repeated", row.repeats)) if holds]
    return f"{code(row.name)} ({', '.join(notes)})" if notes else code(row.name)


def _kinds() -> Iterator[str]:
    yield "## Kinds of task\n"
    heads = ("kind", "texts", "label", "metrics where it names none", "for instance")
    yield table(
        heads,
        (
            (
                code(kind.name),
                str(kind.texts),
                "yes" if kind.has_label else "no",
                codes(kind.metrics),
                code(kind.example),
            )
            for kind in TASK_KINDS.values()
        ),
    )


def _metrics() -> Iterator[str]:
    yield "## Metrics\n"
    yield table(
        ("metric", "means", "of", "for instance"),
        ((code(metric.name), metric.means, codes(metric.kinds), code(metric.example)) for metric in METRICS.values()),
    )


def _prunings() -> Iterator[str]:
    yield "## Prunings\n"
    yield f"One of them, then what the budget is shared over: {codes(ALLOCATIONS)}.\n"
    yield table(
        ("pruning", "means", "reads", "over", "whole units", "for instance"),
        (
            (
                code(pruning.name),
                pruning.means,
                pruning.reads,
                code(f"over {pruning.usual} {pruning.over}") if pruning.over else "",
                "yes" if pruning.prunes_units else "no",
                code(pruning.example),
            )
            for pruning in PRUNINGS.values()
        ),
    )


def _scopes() -> Iterator[str]:
    yield "## Scopes\n"
    yield table(
        ("scope", "means", "removes"),
        (
            (code(scope.name), scope.means, "whole units" if scope.is_of_units else "single weights")
            for scope in SCOPES.values()
        ),
    )


def _baselines() -> Iterator[str]:
    yield "## Baselines\n"
    yield (
        "The arms that ship are in [the library](libraries.md#baselines). One of your own takes its mask and its"
        " weights from these; the second name is the one that results and pages have.\n"
    )
    yield table(("mask", "name"), ((code(phrase), name) for phrase, name in MASKS.items()))
    yield f"Of two masks of one level, {codes(f'{word} of ticket with NAME' for word in COMBINED)}.\n"
    yield table(("weights", "name"), ((code(phrase), name) for phrase, name in WEIGHTS.items()))
