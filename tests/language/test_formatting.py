"""The canonical form: it says the same, and is its own canonical form."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ticketlang.formatting import formatted
from ticketlang.grammar import table
from ticketlang.parse import parse
from ticketlang.source import Source
from ticketlang.syntax import File

ROOT = Path(__file__).parents[2]
SHIPPED = [
    *ROOT.glob("specs/*.ticket"),
    *ROOT.glob("examples/**/*.ticket"),
    *ROOT.glob("ticketlang/library/*.ticket"),
]
COMMENTS = ("#", "# why", '#! { } , ; " 全', "#\tx  ")


def tree_of(text: str) -> File:
    tree, malformed = parse(Source("s.ticket", text))
    assert tree is not None
    assert not malformed, malformed
    return tree


def form(text: str) -> str:
    return formatted(tree_of(text))


@st.composite
def layouts(draw: st.DrawFn) -> str:
    """A spec that ships, or a part of one, laid out as nobody would, with comments wherever one may stand."""
    text = draw(st.sampled_from(SHIPPED)).read_text(encoding="utf-8")
    tokens = list(table().tokens(text))
    comment = st.sampled_from(COMMENTS)
    space = st.sampled_from((" ", "  ", "\t", " \r", "   "))
    parts: list[str] = []
    last = "END"
    for token in tokens[: draw(st.integers(0, len(tokens)))]:
        match token.kind:
            case "COMMA":
                parts.append(
                    "," + draw(st.sampled_from((" ", "", "\n", f" {draw(comment)}\n", f"\n{draw(comment)}\n\n")))
                )
            case "END":
                ends = ["\n", "\n\n\n", f"  {draw(comment)}\n", f"\n\t{draw(comment)}\n\n{draw(comment)}\n"]
                parts.append(draw(st.sampled_from([*ends, ";"] if last not in {"LBRACE", "END"} else ends)))
            case "LBRACE":
                parts.append(" {" + draw(st.sampled_from(("\n", f" {draw(comment)}\n", " "))))
            case _:
                parts.append(token.text + draw(space))
        last = token.kind
    return "".join(parts)


@given(layouts())
def test_formatting_keeps_what_is_said_and_what_is_noted(text: str) -> None:
    tree, malformed = parse(Source("s.ticket", text))
    assume(tree is not None and not malformed)
    assert tree is not None
    once = formatted(tree)
    again = tree_of(once)

    assert again.statements == tree.statements
    assert [comment.text for comment in again.comments] == [comment.text for comment in tree.comments]
    assert formatted(again) == once, "formatting twice changes nothing"
    assert all(line == line.rstrip() for line in once.splitlines())
    assert "\n\n\n" not in once


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_ships_is_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert form(text) == text


EXAMPLES = {
    "one column for what is said": (
        "task a {\nkind classify   pair;text a,b\n  label x , classes 2\n}\n",
        "task a {\n  kind      classify pair\n  text      a, b\n  label     x, classes 2\n}\n",
    ),
    "comments stay where they belong": (
        "# top\n\n\n\nuse x # why\n# below\nuse y # end\n#last",
        f"# top\n\n{'use x':34}# why\n# below\n{'use y':34}# end\n#last\n",
    ),
    "comments in lists and behind braces": (
        "group g = a, # one\n  # two\n  b\narm x { # three\n  mask none # four\n # five\n}# six\n",
        f"{'group g = a,':34}# one\n      # two\n      b\n{'arm x {':34}# three\n"
        f"{'  mask      none':34}# four\n  # five\n{'}':34}# six\n",
    ),
    "blank lines": ("arm x {\n\n\n  mask none\n\n\n\n  weights pretrained\n\n}\n\n\n",
                    "arm x {\n  mask      none\n\n  weights   pretrained\n}\n"),
    "claims read as sentences": ("study s {\nclaim c {\n  a   beats b\n}\nclaim d { a beats b }}",
                                 "study s {\n  claim c {\n    a beats b\n  }\n  claim d { a beats b }\n}\n"),
    "sums and empty blocks": ("study s extends \"x\" {\n}\nuse a+b", "study s extends \"x\" {}\nuse a + b\n"),
    "long lists go on": (
        f"use {', '.join(f'library_{i}' for i in range(12))}\n",
        f"use {', '.join(f'library_{i}' for i in range(8))},\n    {', '.join(f'library_{i}' for i in range(8, 12))}\n",
    ),
    "nothing": ("\n\n", ""),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_of_each_rule(before: str, after: str) -> None:
    assert form(before) == after
    assert form(after) == after


# The command


def fmt(folder: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ticketlang", "fmt", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, input=text, env={"PYTHONPATH": str(ROOT)}
    )


def test_files_are_rewritten_where_something_changes(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.ticket", tmp_path / "good.ticket"
    bad.write_text("use   x\r\n", encoding="utf-8")
    good.write_text("use x\n", encoding="utf-8")
    bad.chmod(0o640)

    check = fmt(tmp_path, "--check", "bad.ticket", "good.ticket")
    assert (check.returncode, check.stdout) == (1, "bad.ticket would change\n")
    diff = fmt(tmp_path, "--diff", "bad.ticket")
    assert diff.returncode == 1
    assert "+use x\n" in diff.stdout
    assert bad.read_bytes() == b"use   x\r\n"

    done = fmt(tmp_path, "bad.ticket", "good.ticket")
    assert (done.returncode, done.stdout) == (0, "formatted bad.ticket\n")
    assert bad.read_bytes() == b"use x\n"
    assert bad.stat().st_mode & 0o777 == 0o640
    assert fmt(tmp_path, "--check", ".", "bad.ticket").returncode == 1, "a folder is no spec"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.ticket", "good.ticket"]


def test_a_file_with_mistakes_of_writing_stays_as_it_is(tmp_path: Path) -> None:
    spec = tmp_path / "s.ticket"
    spec.write_text("use   x,\n", encoding="utf-8")
    done = fmt(tmp_path, "s.ticket")
    assert done.returncode == 1
    assert "trailing-comma" in done.stderr
    assert spec.read_text(encoding="utf-8") == "use   x,\n"


def test_from_standard_input_to_standard_output(tmp_path: Path) -> None:
    done = fmt(tmp_path, "-", text="use   nobody_knows  ,y")
    assert (done.returncode, done.stdout) == (0, "use nobody_knows, y\n")
