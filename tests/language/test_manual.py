"""The manual tells the truth: a wrong example makes its mistake and no other, and a right one makes none."""

import re
import subprocess
import sys

import pytest

from ticketlang import diagnostics
from ticketlang.diagnostics import Diagnostic
from ticketlang.diagnostics.explained import PAGES, Example, Explanation, explanations
from ticketlang.pipeline import check
from ticketlang.source import Source

TASKS = """
task a {
  kind classify sentence
  data files "a/{split}.jsonl"
  text sentence
  label label
  train 5 epochs
  batch 8 examples
  rate 1e-4 linear
  length 32 tokens
}
task b extends a { data files "b/{split}.jsonl" }
group both = a, b
ticket base { prune magnitude of encoder; sparsity 30%, 50% of original }
"""
STUDY = 'study s {\n  model folder "m"\n  seeds 1, 2\n  ticket imp extends base { source a }\n...}\n'

# Mistakes that a few lines cannot make: they take many lines, several files, or a command line.
TOLD_ONLY = {
    "nested-too-deep", "file-too-large", "too-many-mistakes", "name-clash", "uses-itself", "too-many-files",
    "chain-too-long", "extends-no-study", "not-there-to-drop", "unknown-path", "not-implemented-yet",
}  # fmt: skip

ALL = tuple(explanations())
EXAMPLES = [(explanation, example) for explanation in ALL for example in explanation.examples]


def in_frame(example: Example) -> str:
    """The lines of an example, where they would stand in a spec."""
    text = example.text
    match example.place:
        case "alone":
            return text
        case "spec":
            return TASKS + text
        case "file":
            # What is not closed goes on to the end of the file, so the example stands last.
            return TASKS + STUDY.replace("...", "") + text
        case "task":
            needless = "\n  label label" if "masked words" in text else ""
            base = TASKS.replace(
                'task b extends a { data files "b/{split}.jsonl" }', f"task b extends a {{{needless}\n{text}}}"
            )
            return base + STUDY.replace("...", "transfer imp to b\n")
        case "ticket":
            own = "" if re.search(r"^source", text, re.MULTILINE) else "source a\n"
            return TASKS + STUDY.replace("{ source a }", f"{{\n{own}{text}}}").replace("...", "")
        case "claim":
            return TASKS + STUDY.replace("...", f"baselines dense, random_mask\nclaim c {{\n{text}}}\n")
    frame = STUDY.replace("  seeds 1, 2\n", "") if re.search(r"^seeds", text, re.MULTILINE) else STUDY
    return TASKS + frame.replace("...", text)


def classes() -> set[type[Diagnostic]]:
    found: set[type[Diagnostic]] = set()
    for page in PAGES:
        module = __import__(f"ticketlang.diagnostics.{page}", fromlist=["x"])
        found |= {
            c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Diagnostic) and "code" in vars(c)
        }
    return found


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    codes = {cls.code: cls.__module__.rpartition(".")[2] for cls in classes()}
    assert {explanation.code: explanation.page for explanation in ALL} == codes
    assert len(ALL) == len(codes), "a section stands twice"
    assert diagnostics.UnknownTask.code in codes


@pytest.mark.parametrize(
    ("explanation", "example"),
    EXAMPLES,
    ids=[f"{example.kind} {explanation.code}" for explanation, example in EXAMPLES],
)
def test_an_example_makes_its_mistake_or_none(explanation: Explanation, example: Example) -> None:
    found = check(Source("s.ticket", in_frame(example))).diagnostics
    expected = {explanation.code} if example.kind == "wrong" else set()
    assert {diagnostic.code for diagnostic in found} == expected, [f"{d.at} {d.message}" for d in found]


@pytest.mark.parametrize("explanation", ALL, ids=lambda explanation: explanation.code)
def test_a_section_says_something_and_shows_both(explanation: Explanation) -> None:
    kinds = [example.kind for example in explanation.examples]
    assert len(explanation.text) > 30
    if explanation.page != "reading" and explanation.code not in TOLD_ONLY:
        assert kinds == ["wrong", "right"]
    else:
        assert "wrong" not in kinds


def explain(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ticketlang", "explain", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_code_is_explained() -> None:
    said = explain("of-what-unsaid")
    assert said.returncode == 0
    assert said.stdout.startswith("of-what-unsaid\n\nThe literature uses both: shares of all weights")
    assert "Wrong, in a ticket:\n\n    sparsity 50%, 70%\n" in said.stdout
    assert "Right, in a ticket:\n\n    sparsity 50%, 70% of original\n" in said.stdout


def test_what_cannot_be_seen_is_shown_as_an_escape() -> None:
    said = explain("control-character").stdout
    wrong, right = said.split("Right")

    assert 'question "a\\ttab"' in wrong
    assert "\t" not in said
    assert 'question "no tab"' in right
    assert all(example.shown == example.text for _, example in EXAMPLES if example.text.replace("\n", "").isprintable())


def test_codes_are_listed_and_guessed() -> None:
    listed = explain().stdout
    assert all(f"  {explanation.code} " in listed for explanation in ALL)
    wrong = explain("unknown-tsk")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "ticketrun: there is no code `unknown-tsk`; did you mean `unknown-task`?\n",
    )
