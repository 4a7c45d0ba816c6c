"""The pages of the program: its commands, and what a notebook needs of it."""

import inspect
import re
from argparse import ArgumentParser, HelpFormatter, _SubParsersAction
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import ticketlang
from runtime.reports.loaded import Loaded
from ticketlang.cli.main import COMMANDS, STATUSES, parser

from .markdown import fenced

WIDTH = 100  # columns of a command's help


def commands() -> str:
    parts = [f"# Commands\n\n`ticketrun SPEC` is short for `ticketrun run SPEC`.\n\n{fenced(STATUSES)}"]
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


def _commands_below(command: ArgumentParser) -> Mapping[str, ArgumentParser]:
    """The parsers of a parser's commands. argparse keeps them in no public place."""
    groups = [action for action in command._actions if isinstance(action, _SubParsersAction)]
    return {name: below for group in groups for name, below in group.choices.items()}


def _helped(name: str, command: ArgumentParser, *, level: int = 2) -> str:
    formatter: Callable[..., HelpFormatter] = command.formatter_class
    command.formatter_class = partial(formatter, width=WIDTH)  # not that of whoever builds the site
    return f"{'#' * level} {name}\n\n{fenced(command.format_help())}"


def _described(name: str, function: Callable[..., object], *, level: int, is_called: bool = True) -> str:
    """What a function or a property is called with and gives, and what its docstring says."""
    signature = inspect.signature(function)
    lines = "".join(f"    {parameter},\n" for parameter in _parameters(signature))
    called = f"(\n{lines})" if is_called else ""
    shown = f"{name}{called} -> {_type(signature.return_annotation)}"
    return f"{'#' * level} {name}\n\n{fenced(shown)}\n{_prose(inspect.getdoc(function) or '')}\n"


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
