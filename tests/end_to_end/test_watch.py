"""A run as it is seen from another terminal, and from a browser."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from shutil import copytree
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from desk import ENVIRONMENT, SPEC, Answer, Desk

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # by which terminals are told of colours and places


def test_a_watch_ends_when_everything_is_done(finished: tuple[Desk, Answer], desk: Desk) -> None:
    """In a terminal it begins before there is a store, says so, follows what comes, and leaves no trace."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "ticketlang", "watch", "small.ticket", "--every", "0.2"],
        cwd=desk.folder, env=ENVIRONMENT | {"TERM": "xterm"}, stdout=theirs, stderr=theirs,
    ) as watch:  # fmt: skip
        os.close(theirs)
        try:
            said = until("Ctrl-C ends the waiting.", ours)
            was_written = (desk.folder / ".ticketlang").exists()
            copytree(finished[0].folder / ".ticketlang", desk.folder / "copied")
            (desk.folder / "copied").rename(desk.folder / ".ticketlang")
            rest = until("Done: 60 of 60 jobs; 0 running, 0 failed, 0 left.", ours)
            assert watch.wait(timeout=60) == 0
        finally:
            watch.kill()
            os.close(ours)
    assert "there is no store at .ticketlang" in said
    assert "`--store DIR` looks elsewhere" in said
    assert not was_written
    assert "waits" not in rest[rest.index("Done: 60") :]


def until(said: str, terminal: int) -> str:
    """What is shown in a terminal up to some words, in one line."""
    seen = ""
    last = time.monotonic() + 60
    while said not in " ".join(seen.split()):
        assert select([terminal], [], [], max(0.0, last - time.monotonic()))[0], seen
        seen += CODES.sub("", os.read(terminal, 1 << 16).decode(errors="replace"))
    return " ".join(seen.split())


@contextmanager
def watching(desk: Desk, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A watch at work, and the first line that it says. It ends with the block, whatever becomes of the test."""
    with subprocess.Popen(
        [sys.executable, "-m", "ticketlang", "watch", "small.ticket", *words],
        cwd=desk.folder, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1,
    ) as watch:  # fmt: skip
        assert watch.stdout is not None
        try:
            yield watch, watch.stdout.readline()
        finally:
            watch.kill()


def test_where_there_is_no_store_a_watch_of_no_terminal_ends_as_a_report_does(desk: Desk) -> None:
    watched = desk.ticketrun("watch", "small.ticket", "--store", "nowhere")
    assert (watched.status, watched.out) == (2, "")
    assert watched == desk.ticketrun("report", "small.ticket", "--store", "nowhere")


def test_a_watch_says_that_it_waits_where_nobody_runs(again: Desk) -> None:
    again.write(SPEC.replace("seeds 1, 2", "seeds 1, 2, 3"))
    with watching(again) as (watch, said):
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=30) == 130
    assert "Nobody runs it now." in said
    assert said.endswith("This waits until somebody runs it; Ctrl-C ends the waiting.\n")


def test_a_watch_ends_where_nothing_but_failures_is_left(desk: Desk) -> None:
    desk.write(SPEC.replace("rate 1e-3 linear", "rate 1e30 linear"))
    assert desk.ticketrun("run", "small.ticket", "--workers", "1").status == 4
    answer = desk.ticketrun("watch", "small.ticket", "--every", "0.2")
    assert answer.status == 4, answer.text
    assert answer.out.startswith("Done: ")


def test_what_cannot_be_watched_is_one_sentence(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words, status, said in (
            (("--every", "soon"), 2, "`soon` is no number of seconds"),
            (("--serve", "70000"), 2, "`70000` is no port"),
            (("--serve", port), 3, f"port {port} cannot be had"),
        ):
            answer = desk.ticketrun("watch", "small.ticket", *words)
            assert (answer.status, said in answer.err) == (status, True), answer.text


def test_the_page_of_a_run_is_for_this_machine_alone(again: Desk) -> None:
    with watching(again, "--serve", "0") as (watch, said):
        (address,) = re.findall(r"http://127\.0\.0\.1:\d+/", said)
        with urlopen(address) as answer:
            page = answer.read().decode()
            assert answer.headers["Refresh"] == "10"
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(address, headers={"Host": "elsewhere.example:80"}))
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{address}etc/passwd")
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=30) == 130
    assert "60 of 60 jobs are done." in page
    assert "the_mask_matters" in page
