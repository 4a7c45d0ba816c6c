"""Whatever a file says, the answer comes soon, in bounded memory, and is not a traceback."""

import time

import pytest

from ticketlang.parse import LARGEST, MOST_MISTAKES
from ticketlang.pipeline import check
from ticketlang.source import Source

N = LARGEST - 1
SECONDS = 20  # on a machine that is busy with other tests; alone, the slowest takes one


def fill(pattern: str) -> str:
    return (pattern * (N // len(pattern) + 1))[:N]


FILLED = (
    *("a ", "{", "}", "a{", "a,", ",\n", '"\n', "a\n", "a;", "#\n", "a+", "{}", "a {}\n", "\x00", "\\", "9", "1e9 "),
    *("study s {\n", "ticket imp {\nsource a\n", "group g = g\n", "task a extends a {\n}\n", "use a\n", "\r", "\ufeff"),
)


@pytest.mark.parametrize("pattern", FILLED)
def test_noise_is_answered(pattern: str) -> None:
    begun = time.monotonic()
    found = check(Source("noise", fill(pattern)))
    assert time.monotonic() - begun < SECONDS
    assert found.study is None
    assert found.diagnostics
    assert all(len(d.message) < 1000 for d in found.diagnostics)


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    (complaint,) = check(Source("large", "a" * 50_000_000)).diagnostics
    assert complaint.code == "file-too-large"


def test_reading_stops_after_many_mistakes() -> None:
    found = check(Source("many", "a ?\n" * 1000)).diagnostics
    assert len(found) == MOST_MISTAKES + 1
    assert found[-1].code == "too-many-mistakes"


@pytest.mark.parametrize(
    "number", ["1e999999999", "1e-999999999", "9" * 10_000, "0." + "0" * 10_000 + "1", "1e" + "9" * 10_000]
)
def test_numbers_without_end(number: str) -> None:
    (complaint,) = check(Source("s", f"group {number} = a")).diagnostics[:1]
    assert complaint.code == "number-too-long"


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_circles_of_groups_and_tasks(depth: int) -> None:
    groups = "\n".join(f"group g{i} = g{(i + 1) % depth}" for i in range(depth))
    tasks = "\n".join(f"task t{i} extends t{(i + 1) % depth} {{\n}}" for i in range(depth))
    codes = [d.code for d in check(Source("s", f"{groups}\n{tasks}")).diagnostics]
    assert codes.count("group-holds-itself") == 1
    assert codes.count("extends-itself") + codes.count("unknown-task") == 1


def test_a_group_that_doubles_at_each_step() -> None:
    """Forty groups, each holding the one before it twice, would name 10^12 tasks."""
    groups = "\n".join(f"group g{i} = g{i - 1}, g{i - 1}" for i in range(1, 40))
    begun = time.monotonic()
    check(Source("s", f"use chen2020\ngroup g0 = mrpc\n{groups}"))
    assert time.monotonic() - begun < SECONDS


def test_a_long_chain_of_tasks() -> None:
    tasks = "\n".join(f"task t{i} extends t{i + 1} {{\n}}" for i in range(3000))
    begun = time.monotonic()
    check(Source("s", f"use chen2020\n{tasks}\ntask t3000 extends mrpc {{\n}}"))
    assert time.monotonic() - begun < SECONDS
