"""What the terminal shows, word for word. `make goldens` writes it anew: read the difference as a user would."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from ticketlang.cli.main import COMMANDS, STATUSES, main
from ticketlang.diagnostics import FILES
from ticketlang.display.diagnostics import diagnostics_view
from ticketlang.pipeline import check
from ticketlang.source import Source

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SPEC = HERE / "many_mistakes.ticket"
BAD = sorted((HERE / "bad").glob("*.ticket"))
PLANTED = re.compile(r"# (\d+) mistakes?: .+")


def drawn(source: Source, width: int | None) -> str:
    """What is printed for a terminal of a width."""
    console = Console(width=width or 500, no_color=True, highlight=False)
    with console.capture() as capture:
        for text in diagnostics_view(source.name, check(source).diagnostics, width):
            console.print(text, soft_wrap=True)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def ticketrun(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ticketlang", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("width", [60, 100, None], ids=str)
def test_mistakes_as_they_are_shown(width: int | None) -> None:
    shown = drawn(Source(SPEC.name, SPEC.read_text(encoding="utf-8")), width)
    golden = HERE / "goldens" / f"many_mistakes.{width or 'pipe'}.txt"
    if os.environ.get("REFRESH_GOLDENS"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_bad_programs_as_they_are_shown() -> None:
    """A folder of specs with mistakes of every kind, and one transcript of what is said about them."""
    shown = "\n".join(drawn(Source(path.name, path.read_text(encoding="utf-8")), 100) for path in BAD)
    golden = HERE / "goldens" / "bad.100.txt"
    if os.environ.get("REFRESH_GOLDENS"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BAD, ids=[path.name for path in BAD])
def test_there_are_as_many_complaints_as_mistakes(path: Path) -> None:
    """The first line of each bad program says how many were planted."""
    text = path.read_text(encoding="utf-8")
    planted = PLANTED.fullmatch(text.partition("\n")[0])
    assert planted is not None
    found = check(Source(path.name, text)).diagnostics
    assert len(found) == int(planted[1]), [f"{d.at} [{d.code}] {d.message}" for d in found]
    assert [d.at.start for d in found] == sorted(d.at.start for d in found)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_are_no_wider_than_the_terminal(width: int) -> None:
    text = f"study {'s' * 300} {{\n  {'x ' * 100} ? {'全' * 200}\n"
    lines = drawn(Source("wide.ticket", text), width).splitlines()
    assert max(cell_len(line) for line in lines if "-->" not in line) <= width


def test_an_underline_stands_under_what_it_is_about() -> None:
    lines = drawn(Source("s", "\tgroup 全角 = \tnobody # why"), None).splitlines()
    above, below = next((a, b) for a, b in pairwise(lines) if "^" in b)
    before = above[: above.index("nobody")]
    assert below.index("^") == cell_len(before)
    assert below.count("^") == len("nobody")


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x07", "\r", "\u202e", "\x9b31m", "\u2028", "\x7f"])
def test_control_characters_never_reach_the_terminal(evil: str) -> None:
    source = Source(f"name{evil}.ticket", f'study a{evil} {{\n  question "{evil}"\n  b{evil}c 3 # {evil}\n}}\n')
    assert evil not in drawn(source, 80)


def test_status_and_streams() -> None:
    """What is right is said on standard output, mistakes on the other; one wrong spec of two is enough."""
    right = ROOT / "specs" / "universal.ticket"
    good, both = ticketrun("validate", right), ticketrun("validate", SPEC, right)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == f"{right}: ok, study universal: 12 tickets, 11 tasks, 3 runs, 3 claims\n"
    assert both.returncode == 1
    assert both.stdout == good.stdout
    assert "error[unknown-task]" in both.stderr
    assert "\x1b" not in both.stderr


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ((), 2, "ticketrun new my-study"),
        (("validate",), 2, "the following arguments are required: SPEC"),
        (("validate", "--fast", "s.ticket"), 2, "unrecognized arguments: --fast"),
        (("validate", "gone.ticket"), 1, "gone.ticket cannot be read: there is no such file"),
        (("gone.ticket",), 1, "gone.ticket cannot be read: there is no such file"),
        (("validate", "."), 1, ". cannot be read: it is a folder"),
        (("validate", "noise.ticket"), 1, "noise.ticket cannot be read: it is not text in UTF-8"),
    ],
)
def test_wrong_use(tmp_path: Path, words: tuple[str, ...], status: int, sentence: str) -> None:
    (tmp_path / "noise.ticket").write_bytes(b"\xff\xfe\x00")
    answer = ticketrun(*words, cwd=tmp_path)
    assert answer.returncode == status
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_alone_it_says_how_to_begin_and_what_commands_there_are() -> None:
    alone, asked = ticketrun(), ticketrun("--help")

    assert (alone.returncode, alone.stdout) == (2, "")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert alone.stderr == asked.stdout
    assert all(re.search(rf"^ +{name} ", asked.stdout, re.MULTILINE) for name in COMMANDS)


def test_the_help_and_the_readme_agree_on_exit_statuses() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| exit status | means |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]

    assert [f"  {status}  {means}" for status, means in rows] == STATUSES.splitlines()[1:]


def test_the_release_is_told() -> None:
    answer = ticketrun("--version")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.fullmatch(r"ticketlang (\d+\.\d+\.\d+|of no release), Python 3\.\d+\.\d+\n", answer.stdout)


def test_a_spec_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.ticket").write_bytes(b"\xef\xbb\xbf" + (ROOT / "specs" / "universal.ticket").read_bytes())
    assert ticketrun("validate", "s.ticket", cwd=tmp_path).returncode == 0


def test_nothing_heavy_is_imported_to_validate() -> None:
    """Neither what trains, nor what draws, nor what made the parse table, nor complaints that nobody makes."""
    unwanted = ["torch", "numpy", "rich", "lark", "runtime", "ticketlang.stops", "ticketlang.lay_out"]
    unwanted += [f"ticketlang.diagnostics.{name}" for name in FILES]
    code = (
        "import sys; from ticketlang.cli import main; main(['validate', 'specs/universal.ticket']);"
        f"print(sorted(set({unwanted}) & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_what_each_command_says_of_itself(name: str) -> None:
    """The table repeats the sentence of each module, so that help needs none of them."""
    command = vars(import_module(f"ticketlang.cli.{name}"))
    assert command["NAME"] == name
    assert command["HELP"] == COMMANDS[name]


def test_mistakes_for_programs() -> None:
    """The same values as the terminal shows, with byte and line positions."""
    right = ROOT / "specs" / "universal.ticket"
    said = ticketrun("validate", "--json", SPEC, right, "gone.ticket")
    wrong, fine, gone = json.loads(said.stdout)
    found = check(Source(SPEC.name, text := SPEC.read_text(encoding="utf-8"))).diagnostics

    assert (said.returncode, said.stderr) == (1, "")
    assert [(d["code"], d["message"], d["help"]) for d in wrong["diagnostics"]] == [
        (d.code, d.message, d.help_text) for d in found
    ]
    for told, diagnostic in zip(wrong["diagnostics"], found, strict=True):
        start, end = told["at"]["start"], told["at"]["end"]
        assert text.encode()[start["byte"] : end["byte"]].decode() == diagnostic.at.text
        assert (start["line"], start["column"]) == diagnostic.at.line_and_column
    assert (fine["ok"], fine["study"], fine["diagnostics"]) == (True, "universal", [])
    assert (gone["ok"], gone["unreadable"]) == (False, "gone.ticket cannot be read: there is no such file")


def test_mistakes_on_one_line_each() -> None:
    lines = ticketrun("validate", "--concise", SPEC).stdout.splitlines()
    found = check(Source(str(SPEC), SPEC.read_text(encoding="utf-8"))).diagnostics
    assert lines == [f"{d.at}: {d.severity}[{d.code}]: {d.message}" for d in found]


def test_a_whole_study_is_printed_in_the_canonical_form(tmp_path: Path) -> None:
    full = ticketrun("validate", "--full", ROOT / "specs" / "universal.ticket")
    (tmp_path / "full.ticket").write_text(full.stdout, encoding="utf-8")
    assert ticketrun("validate", "full.ticket", cwd=tmp_path).returncode == 0
    assert ticketrun("fmt", "--check", "full.ticket", cwd=tmp_path).returncode == 0


def test_what_is_certain_is_mended_in_the_file(tmp_path: Path) -> None:
    """`--fix` leaves what there are several ways to mend, and says it."""
    spec = tmp_path / "bad.ticket"
    spec.write_text((HERE / "bad" / "writing.ticket").read_text(encoding="utf-8"), encoding="utf-8")
    before = ticketrun("validate", "bad.ticket", cwd=tmp_path)
    assert "bad.ticket: 7 errors; `ticketrun validate --fix` mends 5\n" in before.stderr

    after = ticketrun("validate", "--fix", "bad.ticket", cwd=tmp_path)
    assert after.returncode == 1
    assert "mended 5 mistakes in bad.ticket" in after.stderr
    assert "model hub" in " ".join(spec.read_text(encoding="utf-8").split())

    again = spec.read_bytes()
    assert "mended" not in ticketrun("validate", "--fix", "bad.ticket", cwd=tmp_path).stderr
    assert spec.read_bytes() == again


def test_fixes_are_told_to_programs() -> None:
    text = (HERE / "bad" / "fields.ticket").read_text(encoding="utf-8")
    (said,) = json.loads(ticketrun("validate", "--json", HERE / "bad" / "fields.ticket").stdout)
    fixes = [edit for diagnostic in said["diagnostics"] for edit in diagnostic["fix"]]
    told = [(text.encode()[e["at"]["start"]["byte"] : e["at"]["end"]["byte"]].decode(), e["text"]) for e in fixes]
    assert told == [("lr", "rate"), ("masks", "mask")]


def test_what_is_printed_goes_where_the_stream_is_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever calls `main` twice may have closed what it printed to before."""
    first = StringIO()
    monkeypatch.setattr("sys.stdout", first)
    assert main(["list", "metrics"]) == 0
    said = first.getvalue()
    first.close()
    second = StringIO()
    monkeypatch.setattr("sys.stdout", second)
    assert main(["list", "metrics"]) == 0
    assert second.getvalue() == said
    assert "accuracy" in said
    assert not [line for line in said.splitlines() if line != line.rstrip()]
