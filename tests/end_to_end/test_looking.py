"""What is said of a study that has run: cells, names, verifications, comparisons, status and reports."""

import re
import subprocess
import sys

import pytest
from desk import ENVIRONMENT, SPEC, Desk


def test_a_terminal_without_our_signs_gets_its_tables(again: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "PYTHONIOENCODING", "ascii")
    answer = again.ticketrun("run", "small.ticket")

    assert answer.status == 0
    assert "as_good_as_dense" in answer.out


def test_cells_are_shown_and_accounted_for(again: Desk) -> None:
    cell = "imp/warm@60%/same/seed=1"
    shown = again.ticketrun("show", "small.ticket", cell)
    assert shown.status == 0
    assert "in the store, made for the study small" in shown.out
    assert re.search(r"scores +accuracy \d+\.\d\d, f1 ", shown.out)
    assert "nothing runs for it" in again.ticketrun("why", "small.ticket", cell).out

    changed = again.ticketrun("why", "small.ticket", cell, "--set", "warm.rate 2e-3")
    assert changed.status == 0
    assert re.search(r"It waits for `imp/warm round 1/seed=1`, by way of \d more, which is to run", changed.out)
    assert "task recipe rate: 0.001 -> 0.002" in changed.out
    whole = again.ticketrun("why", "small.ticket", cell, "--set", "warm.rate 2e-3", "--verbose")
    assert "It needs `imp/warm@60%/seed=1`, which is to run: prune to 60%." in whole.out

    unknown = again.ticketrun("why", "small.ticket", "imp/warm@60%/same/seed=9")
    assert unknown.status == 2
    assert "`imp/warm@60%/same/seed=1`" in unknown.err


def test_stored_results_are_verified(again: Desk) -> None:
    """Whole, and with one bit of one mask turned over; and nothing but the terminal is written to."""
    before = again.artifacts()
    for words in (("verify",), ("verify", "small.ticket"), ("verify", "small.ticket", "--set", "seeds 1")):
        answer = again.ticketrun(*words)
        assert answer.status == 0, answer.text
        assert re.search(r"\d+ results verified: all that can be recomputed holds", answer.out)
        assert "verifying" not in answer.err, "the live line is for terminals"
        assert "still to be made" not in answer.out
    other = again.ticketrun("verify", "small.ticket", "--set", "seeds 7")
    assert other.status == 0
    assert re.search(r"(\d+) of the \1 results of this study are still to be made", other.out)
    assert again.artifacts() == before

    mask = next(again.folder.glob(".ticketlang/artifacts/*/mask.safetensors"))
    mask.write_bytes(mask.read_bytes()[:-1] + bytes([mask.read_bytes()[-1] ^ 1]))
    answer = again.ticketrun("verify")
    assert answer.status == 1
    assert "its mask.safetensors has changed since it was written" in answer.out
    assert "60 results verified: 1 finding.\n" in answer.out
    assert answer.out.rstrip().endswith("store verify --set-aside")


def test_every_name_that_is_shown_is_understood(again: Desk) -> None:
    """Of masks, rounds and cells, as plan and progress name them, and the first digits of a key."""
    listed = again.ticketrun("plan", "small.ticket", "--verbose").out
    lines = [
        line.strip("= +").split("  ", 1) for line in listed.splitlines() if re.match(r"  [=+] [0-9a-f]{8}  ", line)
    ]
    names = {name for _, said in lines for name in said.split(": ", 1)[1].split(", ")}
    assert {"imp/warm@30%/seed=1", "imp/warm round 2/seed=1", "random_mask@60%/seed=2"} <= names

    mask = again.ticketrun("show", "small.ticket", "imp/warm@30%/seed=1")
    assert "pruning           magnitude global of encoder, to 30%" in mask.out
    assert "removed           4,915 of 16,384 weights, 30%" in mask.out
    by_key = again.ticketrun("show", "small.ticket", re.findall(r"key +(\w+)", mask.out)[0][:10])
    assert by_key.out.splitlines()[1:6] == mask.out.splitlines()[1:6]
    assert "nothing runs for it" in again.ticketrun("why", "small.ticket", "imp/warm round 2/seed=1").out
    assert "No work" in again.ticketrun("plan", "small.ticket", "--cell", "random_mask@60%/seed=2").out

    for layout in ("safetensors", "transformers"):  # of a level that is not transferred
        to = ("--to", layout, "--format", layout)
        answer = again.ticketrun("ticket", "export", "small.ticket", "imp/warm@30%/seed=1", *to)
        assert answer.status == 0, answer.text


def test_a_reader_that_goes_away_is_no_error(again: Desk) -> None:
    for words in ("report small.ticket", "plan small.ticket --verbose", "list prunings"):
        command = f"{sys.executable} -m ticketlang {words} | head -n 1; exit ${{PIPESTATUS[0]}}"
        ran = subprocess.run(["bash", "-c", command], cwd=again.folder, env=ENVIRONMENT, capture_output=True, text=True)
        assert (ran.returncode, ran.stderr) == (0, ""), words
        assert len(ran.stdout.splitlines()) == 1


def test_what_is_piped_has_no_blanks_at_the_ends_of_lines(again: Desk) -> None:
    for words in (("report", "small.ticket"), ("plan", "small.ticket"), ("status", "small.ticket"), ("verify",)):
        assert not [line for line in again.ticketrun(*words).out.splitlines() if line != line.rstrip()]


def test_there_must_be_a_store_to_verify(desk: Desk) -> None:
    answer = desk.ticketrun("verify", "--store", "nowhere")
    assert answer.status == 3
    assert answer.err == "ticketrun: there is no store in nowhere; say where it is with --store\n"
    assert not (desk.folder / "nowhere").exists()


def test_two_specs_are_compared_with_the_jobs_that_follow(again: Desk) -> None:
    again.write(SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"), "more.ticket")
    answer = again.ticketrun("diff", "small.ticket", "more.ticket")
    assert answer.status == 0
    assert re.search(r"seeds +1, 2 -> 1, 2, 3", answer.out)
    assert re.search(
        r"Jobs: \d+ in both, 0 only in the first, (\d+) only in the second, of which \1 are to run", answer.out
    )


def test_a_spec_is_compared_with_its_last_run(again: Desk) -> None:
    """In the language's own words, with the jobs and the time that follow."""
    assert "It says what it said when it was last run." in again.ticketrun("diff", "small.ticket").out
    again.write(SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"))
    answer = again.ticketrun("diff", "small.ticket")
    assert answer.status == 0, answer.text
    assert re.search(r"Jobs: \d+ in both, 0 only in the last run, \d+ only now, of which \d+ are to run", answer.out)
    assert re.search(r"seeds +1, 2 -> 1, 2, 3", answer.out)
    assert re.search(r"of which \d+ are to run: about \S+, going by the like in the store", answer.out)
    assert re.search(r"reused results took \S+", again.ticketrun("plan", "small.ticket").out)

    again.write(SPEC.replace("study small", "study other"))
    other = again.ticketrun("diff", "small.ticket")
    assert other.status == 2
    assert "the study other was not run with the store" in other.err


def test_status_and_report_run_nothing(again: Desk) -> None:
    status = again.ticketrun("status", "small.ticket")
    assert status.status == 0, status.text
    assert re.search(r"Done: (\d+) of \1 jobs; 0 running, 0 failed, 0 left\.", status.out)
    reported = again.ticketrun("report", "small.ticket", "--no-html")
    ran = again.ticketrun("run", "small.ticket")
    assert reported.status == 0
    assert reported.out.strip()
    assert reported.out in ran.out
    assert " report small.ticket\n" in ran.out[ran.out.index(reported.out) + len(reported.out) :]

    nothing = again.ticketrun("status", "small.ticket", "--store", "nowhere")
    assert nothing.status == 0
    assert re.search(r"Nothing has been run yet: there is no store at nowhere, and \d+ jobs are to run\.", nothing.out)
    nowhere = again.ticketrun("report", "small.ticket", "--store", "nowhere")
    assert nowhere.status == 2
    assert "nothing was run with the store nowhere" in nowhere.err
