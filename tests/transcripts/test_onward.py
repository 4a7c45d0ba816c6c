"""What to type next: every command that is offered is one, and means the study, places and settings of the run."""

import shlex
from argparse import Namespace
from pathlib import Path

import pytest

from ticketlang.cli.main import parser
from ticketlang.cli.onward import after_a_run, after_an_interruption
from ticketlang.display.onward import onward_view

PAGE = Path("build/small.html")


def arguments(*words: str) -> Namespace:
    return parser("run").parse_args(["run", *words])


def commands(args: Namespace, *, has_failed: bool = False) -> dict[str, Namespace]:
    """Of every offered command its arguments, as the program reads them, by its verb."""
    found = [shlex.split(command) for _, command in after_a_run(PAGE, args, has_failed=has_failed)]
    # Whatever the program is called here, its verb is the first word that is none of a Python.
    starts = [
        next(i for i, word in enumerate(words) if word in {"run", "report", "watch", "verify"}) for words in found
    ]
    return {words[at]: parser(words[at]).parse_args(words[at:]) for words, at in zip(found, starts, strict=True)}


@pytest.mark.parametrize(
    "words",
    [
        ("small.ticket",),
        ("a folder/small.ticket", "--store", "build/a demo", "--data", "it's here"),
        ("small.ticket", "--set", "imp.sparsity 50% of original", "--set", "seeds 1", "--workers", "2"),
    ],
)
def test_commands_go_on_with_the_same_study_places_and_settings(words: tuple[str, ...]) -> None:
    args = arguments(*words)
    offered = commands(args)

    assert list(offered) == ["report", "watch", "verify"]
    assert offered["watch"].serve
    assert any(str(PAGE) in what for what, _ in after_a_run(PAGE, args, has_failed=False))
    for each in offered.values():
        assert (each.spec, each.store, each.data, each.settings) == (args.spec, args.store, args.data, args.settings)


def test_after_a_failure_the_same_cells_are_run_once_more() -> None:
    args = arguments("small.ticket", "--cell", "dense/a/seed=1", "--cell", "imp/a@50%/seed=1")
    offered = commands(args, has_failed=True)

    assert list(offered) == ["run", "report", "watch", "verify"]
    assert offered["run"].cells == args.cells
    assert any("--cell dense/a/seed=1" in command for _, command in after_an_interruption(args))


def test_a_run_goes_on_in_the_manner_it_was_begun_in() -> None:
    typed = ("s.ticket", "--device", "cpu", "--workers", "2", "--threads", "4", "--retry", "3", "--checkpoint", "0.5",
             "--track", "trackio", "--track", "wandb", "--lean", "--fail-fast")  # fmt: skip
    args = arguments(*typed)

    assert vars(commands(args, has_failed=True)["run"]) == vars(args)
    ((_, plainly),) = after_an_interruption(arguments("s.ticket", "--keep-going"))
    assert plainly.endswith("run s.ticket")


def test_each_command_stands_alone_on_its_line() -> None:
    told = tuple(after_a_run(PAGE, arguments("small.ticket"), has_failed=True))
    lines = [str(line).strip() for line in onward_view(told)]

    assert lines[0] == "Next"
    assert all(command in lines for _, command in told)
