"""The site's pages of reference and design, made from the sources whenever it is built: a hook of MkDocs."""

import inspect
import re
from argparse import ArgumentParser, HelpFormatter, _SubParsersAction
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import ticketlang
from runtime.matching import RULES
from runtime.reports.loaded import Loaded
from runtime.store.certificates import PROMISES
from runtime.verification.verify import QUESTIONS
from ticketlang.cli.main import COMMANDS, STATUSES, parser
from ticketlang.diagnostics.explained import Explanation, explanations, title_of
from ticketlang.study import MatchRule
from ticketlang.units import percent_text
from ticketlang.vocabulary.arms import COMBINED, MASKS, WEIGHTS
from ticketlang.vocabulary.fields import BLOCKS, Field
from ticketlang.vocabulary.metrics import METRICS
from ticketlang.vocabulary.micro import MICRO
from ticketlang.vocabulary.prunings import ALLOCATIONS, PRUNINGS
from ticketlang.vocabulary.scopes import SCOPES
from ticketlang.vocabulary.sections import SECTIONS
from ticketlang.vocabulary.tasks import TASK_KINDS
from ticketlang.vocabulary.words import RESERVED, SYNONYMS

SOURCES = Path(ticketlang.__file__).parent
ROOT = SOURCES.parent
WIDTH = 100  # columns of a command's help

# Where the language says no more of a block than which fields it has.
BLOCK_TITLES = {
    "file": "At the top of a file",
    "task": "In a `task`",
    "arm": "In an `arm`",
    "study": "In a `study`",
    "seeds": "In `seeds { ... }`",
    "ticket": "In a `ticket`",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages to those that are written by hand. MkDocs calls it by this name."""
    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    for package in PACKAGES:
        text = (ROOT / package / "README.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"design/{package}.md", content=text))
    return files


# --- the language -------------------------------------------------------------------------------------------------


def grammar() -> str:
    text = (SOURCES / "grammar.lark").read_text(encoding="utf-8")
    return (
        "# Grammar\n\nWhat a file of the language is made of, in the notation of"
        " [Lark](https://lark-parser.readthedocs.io). Which words open a statement, and what may follow them, is in the"
        f" [vocabulary](vocabulary.md).\n\n{_fenced(text)}"
    )


def vocabulary() -> str:
    return "\n".join(
        [
            "# Vocabulary\n\nThe words that a study may use, with what each means. `ticketrun list` shows most of these"
            " tables in a terminal.\n",
            *_fields(),
            "## Kinds of task\n",
            _table(
                ("kind", "texts", "label", "metrics where it names none", "for instance"),
                (
                    (
                        _code(kind.name),
                        str(kind.texts),
                        "yes" if kind.has_label else "no",
                        _codes(kind.metrics),
                        _code(kind.example),
                    )
                    for kind in TASK_KINDS.values()
                ),
            ),
            "## Metrics\n",
            _table(
                ("metric", "means", "of", "for instance"),
                (
                    (_code(metric.name), metric.means, _codes(metric.kinds), _code(metric.example))
                    for metric in METRICS.values()
                ),
            ),
            "## Prunings\n",
            f"One of them, then what the budget is shared over: {_codes(ALLOCATIONS)}.\n",
            _table(
                ("pruning", "means", "reads", "over", "whole units", "for instance"),
                (
                    (
                        _code(pruning.name),
                        pruning.means,
                        pruning.reads,
                        _code(f"over {pruning.usual} {pruning.over}") if pruning.over else "",
                        "yes" if pruning.prunes_units else "no",
                        _code(pruning.example),
                    )
                    for pruning in PRUNINGS.values()
                ),
            ),
            "## Scopes\n",
            _table(
                ("scope", "means", "removes"),
                (
                    (_code(scope.name), scope.means, "whole units" if scope.is_of_units else "single weights")
                    for scope in SCOPES.values()
                ),
            ),
            "## Baselines\n",
            "The arms that ship are in [the library](libraries.md#baselines). One of your own takes its mask and its"
            " weights from these; the second name is the one that results and pages have.\n",
            _table(("mask", "name"), ((_code(phrase), name) for phrase, name in MASKS.items())),
            f"Of two masks of one level, {_codes(f'{word} of ticket with NAME' for word in COMBINED)}.\n",
            _table(("weights", "name"), ((_code(phrase), name) for phrase, name in WEIGHTS.items())),
            "## Sections of a report\n",
            _meanings("section", ((row.name, row.means) for row in SECTIONS.values())),
            "## The built-in world\n",
            "What `data micro NAME` reads.\n",
            _meanings("text", ((row.name, row.means) for row in MICRO.values())),
            "## Words that cannot be names\n",
            f"{_codes(sorted(RESERVED))}.\n",
            "## Words from elsewhere\n",
            "What is tried and what it is called here. A diagnostic says so, too.\n",
            _table(("tried", "here"), ((_code(tried), _code(ours)) for tried, ours in SYNONYMS.items())),
        ]
    )


def libraries() -> str:
    shipped = sorted((SOURCES / "library").glob("*.ticket"))
    return "\n".join(
        [
            "# Libraries\n\nFiles that ship, for `use NAME`; those of `baselines` are in sight of every study.\n",
            *(f"## {file.stem}\n\n{_fenced(file.read_text(encoding='utf-8'), 'ticket')}" for file in shipped),
        ]
    )


def diagnostics() -> str:
    parts = [
        "# Diagnostics\n\nWhat each code in `error[CODE]` or `warning[CODE]` means. `ticketrun explain CODE` says the"
        " same in a terminal.\n"
    ]
    for page, group in groupby(explanations(), key=lambda explanation: explanation.page):
        parts += [f"## {title_of(page)}\n", *map(_explained, group)]
    return "\n".join(parts)


# --- the evidence -------------------------------------------------------------------------------------------------


def rules() -> str:
    return "\n".join(
        [
            "# Match rules\n\nWhen a score counts as that of the dense network: what `match` may say, and the rules"
            " under which `report matching` sets the tickets of every study side by side. Other numbers of standard"
            " deviations, points and confidence may be said; [the science](../science/verdicts.md) has the formulas.\n",
            _table(("rule", "matches where"), ((_code(str(rule)), _condition(rule)) for rule in RULES)),
        ]
    )


def certificates() -> str:
    return "\n".join(
        [
            "# Certificates\n\nEach result lies in the store beside a certificate: what was expected and what was found"
            " in that very run. Where the two differ the job fails, leaves no result, and what needs it waits. All"
            " numbers come from the run itself; the declared weights are made once more, from files and streams, to be"
            " compared with.\n",
            _table(
                ("what is checked", "by", "without it, a result might be"),
                ((name, promise.of, promise.otherwise) for name, promise in PROMISES.items()),
            ),
            "## What is verified later\n",
            "`ticketrun verify` makes sure of it, from the stored files alone. What it cannot know any more, such as"
            " weights that were dropped, it says.\n",
            "\n".join(f"- {each.things} {each.hold}" for each in QUESTIONS),
        ]
    )


def _condition(rule: MatchRule) -> str:
    """In words, from what the rule is made of."""
    amount = f"{float(rule.amount):g}"
    if rule.confidence is not None:
        test = f"a one-sided paired t test, at {percent_text(rule.confidence)},"
        if rule.to_show == "difference":
            return f"{test} does not show that the mean is below that of dense"
        return f"{test} shows that the mean is at most {amount} hundredths below that of dense"
    if rule.unit == "points":
        return f"the mean is at or above that of dense{f', less {amount} hundredths' if rule.amount else ''}"
    whose = {"dense": "of dense", "ticket": "of the ticket", "larger": "that is the larger", "pooled": "within both"}
    return f"the mean is at or above that of dense, less {amount} standard deviation {whose[rule.deviation or 'dense']}"


# --- the program --------------------------------------------------------------------------------------------------


def commands() -> str:
    parts = [f"# Commands\n\n`ticketrun SPEC` is short for `ticketrun run SPEC`.\n\n{_fenced(STATUSES)}"]
    for name in COMMANDS:
        (command,) = _commands_below(parser(name)).values()
        parts.append(_helped(name, command))
        parts += [_helped(f"{name} {below}", part, level=3) for below, part in _commands_below(command).items()]
    return "\n".join(parts)


def python() -> str:
    parts = [
        "# Python\n\nWhat a notebook needs. [How to read results](../how-to/read-results-in-python.md) shows it at"
        " work.\n",
        _described("ticketlang.load", ticketlang.load, level=2),
        f"## Loaded\n\n{inspect.getdoc(Loaded)}\n",
    ]
    for name, value in vars(Loaded).items():
        function = getattr(value, "fget", None) or getattr(value, "func", None) or value
        if inspect.isfunction(function) and not name.startswith("_"):
            parts.append(_described(name, function, level=3, is_called=function is value))
    return "\n".join(parts)


# --- in Markdown --------------------------------------------------------------------------------------------------


def _fields() -> Iterator[str]:
    for block, title in BLOCK_TITLES.items():
        yield f"## {title}\n"
        rows = BLOCKS[block].values()
        yield _table(("field", "means", "for instance"), ((_field(row), row.means, _code(row.example)) for row in rows))


def _field(row: Field) -> str:
    notes = [note for note, holds in (("required", row.is_required), ("may be repeated", row.repeats)) if holds]
    return f"{_code(row.name)} ({', '.join(notes)})" if notes else _code(row.name)


def _explained(explanation: Explanation) -> str:
    parts = [f"### {explanation.code}\n\n{explanation.text}\n"]
    for example in explanation.examples:
        where = "" if example.place in {"file", "spec", "alone"} else f", in a {example.place}"
        parts.append(f"{example.kind.capitalize()}{where}:\n\n{_fenced(example.shown, 'ticket')}")
    return "\n".join(parts)


def _commands_below(command: ArgumentParser) -> Mapping[str, ArgumentParser]:
    """The parsers of a parser's commands. argparse keeps them in no public place."""
    groups = [action for action in command._actions if isinstance(action, _SubParsersAction)]
    return {name: below for group in groups for name, below in group.choices.items()}


def _helped(name: str, command: ArgumentParser, *, level: int = 2) -> str:
    formatter: Callable[..., HelpFormatter] = command.formatter_class
    command.formatter_class = partial(formatter, width=WIDTH)  # not that of whoever builds the site
    return f"{'#' * level} {name}\n\n{_fenced(command.format_help())}"


def _described(name: str, function: Callable[..., object], *, level: int, is_called: bool = True) -> str:
    """What a function or a property is called with and gives, and what its docstring says."""
    signature = inspect.signature(function)
    lines = "".join(f"    {parameter},\n" for parameter in _parameters(signature))
    called = f"(\n{lines})" if is_called else ""
    shown = f"{name}{called} -> {_type(signature.return_annotation)}"
    return f"{'#' * level} {name}\n\n{_fenced(shown)}\n{_prose(inspect.getdoc(function) or '')}\n"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    stars = 0
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not stars:
            stars += 1
            yield "*"
        if each.name != "self":
            default = "" if each.default is each.empty else f" = {each.default!r}"
            yield f"{each.name}: {_type(each.annotation)}{default}"


def _type(annotation: object) -> str:
    """An annotation as it is read. Those of what is imported for checkers alone are strings."""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _prose(docstring: str) -> str:
    """A docstring in Markdown: what is raised and what is given, as lists."""
    headed = re.sub(r"^(Args|Raises|Returns):$", r"**\1**\n", docstring, flags=re.MULTILINE)
    return re.sub(r"^    ([\w.]+):", r"- `\1`:", headed, flags=re.MULTILINE)


def _meanings(head: str, rows: Iterable[tuple[str, str]]) -> str:
    return _table((head, "means"), ((_code(name), means) for name, means in rows))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _code(text: str) -> str:
    return f"`{text}`"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(_code, texts))


def _fenced(text: str, language: str = "text") -> str:
    stripped = text.strip("\n")
    return f"```{language}\n{stripped}\n```\n"


# Whose READMEs are pages of the design, as they stand.
PACKAGES = ("ticketlang", "runtime")

PAGES: Mapping[str, Callable[[], str]] = {
    "vocabulary": vocabulary,
    "grammar": grammar,
    "libraries": libraries,
    "diagnostics": diagnostics,
    "rules": rules,
    "certificates": certificates,
    "commands": commands,
    "python": python,
}
