"""A plan counts on nothing that is not as it was written, and neither does what takes its place."""

from pathlib import Path

import pytest
from handmade import draw, plan_of_jobs, publish

from runtime.damage import sound_plan
from runtime.masks import MASK_FILE
from runtime.store import Store
from ticketlang.plan import KnownResults, Plan

FIRST = draw(1)
SECOND = draw(2, like=FIRST.key)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path / "store")
    for job in (FIRST, SECOND):
        publish(store, job)
    return store


def plan_for(known: KnownResults) -> Plan:
    """What is done needs its inputs no more."""
    jobs = (SECOND,) if known([SECOND.key]) else (FIRST, SECOND)
    return plan_of_jobs(*jobs, known=known)


def test_of_what_is_damaged_the_inputs_are_looked_at_too(store: Store) -> None:
    for job in (FIRST, SECOND):
        (store.artifact(job.key).folder / "result.json").write_text("{}")

    plan, problems = sound_plan(store, plan_for, wholly=False)

    assert [job.key for job in plan.to_run] == [FIRST.key, SECOND.key]
    assert [problem.key for problem in problems] == [SECOND.key, FIRST.key]
    assert set(store.stored()) == {FIRST.key, SECOND.key}, "nothing is moved"


def test_a_bit_of_a_mask_is_found_where_masks_are_read(store: Store) -> None:
    mask = store.artifact(SECOND.key).folder / MASK_FILE
    mask.write_bytes(mask.read_bytes()[:-1] + bytes([mask.read_bytes()[-1] ^ 1]))

    assert sound_plan(store, plan_for, wholly=False)[1] == ()
    plan, (problem,) = sound_plan(Store.look(store.folder), plan_for, wholly=True)
    assert problem.key == SECOND.key
    assert [job.key for job in plan.reused] == [FIRST.key]


def test_what_was_made_anew_meanwhile_is_sound(store: Store) -> None:
    """By a run, which has put a newer version in the place of the one that is known here."""
    looked = Store.look(store.folder)
    looked.artifact(SECOND.key)
    newer = publish(store, SECOND)

    plan, problems = sound_plan(looked, plan_for, wholly=True)

    assert problems == ()
    assert [job.key for job in plan.reused] == [SECOND.key]
    assert looked.artifact(SECOND.key).folder == newer.folder
