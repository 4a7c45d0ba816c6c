"""Keys name results on people's disks: what changes them is decided here, in the open."""

import json
from fractions import Fraction

import pytest
from attrs import evolve
from studies import TICKET, facts_of, spec_of, study_of

from ticketlang.jobs import (
    AnyJob,
    CombineMasks,
    DrawMask,
    FineTune,
    GivenMask,
    Interpolate,
    JobKey,
    Pretrained,
    Prune,
    Reached,
    ReachRewindPoint,
    TrainingSeeds,
    canonical,
    inputs_in,
    inputs_of,
    key_of,
    key_of_settings,
    settings,
)
from ticketlang.lay_out import lay_out
from ticketlang.study import Pruning
from ticketlang.units import Duration, Sparsity

TASK = study_of(spec_of(TICKET)).tasks["a"]
SEEDS = TrainingSeeds(head=1, order=1, dropout=1, subset=1)
TRAINING = FineTune(
    model="m", task=TASK, data="d", weights=Pretrained(), mask=JobKey("k"), seeds=SEEDS, precision="fp32"
)
LINE = Interpolate(
    model="m",
    task=TASK,
    data="d",
    one=JobKey("one"),
    other=JobKey("other"),
    weights=Pretrained(),
    mask=JobKey("k"),
    seeds=SEEDS,
    precision="fp32",
)
PRUNING = Pruning(method="magnitude", allocation="global", scope=("encoder",))


@pytest.mark.parametrize(
    ("job", "key"),
    [
        (TRAINING, "279473f49045af9f7b63c74434fa68a5b4f82e95"),
        (
            ReachRewindPoint(
                model="m",
                task=TASK,
                data="d",
                until=Duration(Fraction(1, 20), "training"),
                seeds=SEEDS,
                precision="fp32",
            ),
            "3a4f5a0ad2adb52c0e4066a30ffb73ca3d62eddb",
        ),
        (
            Prune(model="m", pruning=PRUNING, sparsity=Sparsity.percent(70), weights=JobKey("k"), start=None),
            "177957a2e1085ca6eba19b6f875ee78d54c966f7",
        ),
        (
            DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(70), seed=1, like=None),
            "c280ec69e2f3883ebc3933a13718587025c06d42",
        ),
        (CombineMasks(operation="union", masks=(JobKey("a"), JobKey("b"))), "609bd54fa6623e28e788c3ada935117c5ed559a1"),
        (LINE, "896e7c83e4dcd79927bf17373bce4680419d50ae"),
        (
            GivenMask(model="m", file="f", missing="dense", scope=("encoder",), sparsity=Sparsity.percent(70)),
            "82efaf34eccaf69c922cb0851e490588a0f64fd0",
        ),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_keys_stay_as_they_are(job: AnyJob, key: str) -> None:
    """A key that changes here loses everybody's results: raise the revision of the kind and say so, or undo it."""
    assert key_of(job) == key


def test_every_setting_is_in_the_key() -> None:
    """Of the training and of its task, but for what is marked as outside."""
    changed = [
        evolve(TRAINING, model="n"),
        evolve(TRAINING, data="e"),
        evolve(TRAINING, mask=None),
        evolve(TRAINING, head=JobKey("h")),
        evolve(TRAINING, precision="bf16"),
        evolve(TRAINING, begins=Duration(Fraction(1), "steps")),
        evolve(TRAINING, seeds=evolve(SEEDS, order=2)),
        evolve(TRAINING, task=evolve(TASK, length=65)),
        evolve(TRAINING, task=evolve(TASK, metrics=("accuracy", "f1"))),
        evolve(TRAINING, task=evolve(TASK, recipe=evolve(TASK.recipe, rate=Fraction(3, 10**5)))),
        evolve(TRAINING, joined=(TASK,)),
    ]
    assert len({key_of(job) for job in (TRAINING, *changed)}) == 1 + len(changed)


def test_gradients_of_another_revision_give_another_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores by gradients come from the code of trainings; all others do not."""
    plain = Prune(model="m", pruning=PRUNING, sparsity=Sparsity.percent(70), weights=None, start=None)

    def keys() -> tuple[JobKey, JobKey]:
        snip = evolve(PRUNING, method="snip", batches=2)
        return key_of(evolve(plain)), key_of(evolve(plain, pruning=snip, training=TRAINING))

    before = keys()
    assert before[1] == "e03a81b6e92951b2b8e26be5fe443c9eb7d62a06"
    monkeypatch.setattr(FineTune, "revision", FineTune.revision + 1)
    after = keys()
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_what_cannot_change_a_result_is_outside() -> None:
    elsewhere = evolve(TASK, data=evolve(TASK.data, name="moved/{split}.jsonl"), at=TASK.data.at)

    assert key_of(evolve(TRAINING, task=elsewhere)) == key_of(TRAINING)
    assert key_of(evolve(TRAINING, keeps_weights=True)) == key_of(TRAINING)


def test_a_field_at_its_neutral_value_leaves_keys_alone() -> None:
    """`joined` came with joint sources; trainings on one task do not mention it."""
    assert "joined" not in canonical(TRAINING)
    assert "joined" in canonical(evolve(TRAINING, joined=(TASK,)))


def test_no_path_and_no_place_enters_a_key() -> None:
    here, there = study_of(spec_of(TICKET)), study_of("# moved\n\n" + spec_of(TICKET).replace('"m"', '"elsewhere/m"'))

    assert lay_out(here, facts_of(here)).jobs.keys() == lay_out(there, facts_of(there)).jobs.keys()


def test_settings_say_the_key_and_the_inputs() -> None:
    """What is read back from a file, too, of every kind of job of a study with every kind of weights."""
    body = TICKET.replace("rewind 0 steps", "rewind 5% of training of pruned matrices, nothing")
    study = study_of(spec_of(body + "baselines random_mask, random_init, shuffled_init\ntransfer imp at 70% to a, b\n"))
    jobs = lay_out(study, facts_of(study)).jobs
    assert {type(job.job) for job in jobs.values()} == {FineTune, Prune, ReachRewindPoint, DrawMask}
    for key, planned in jobs.items():
        said = json.loads(json.dumps(settings(planned.job)))
        assert key_of_settings(said) == key
        assert tuple(dict.fromkeys(inputs_in(said).values())) == inputs_of(planned.job)


def test_inputs_are_the_keys_a_job_reads() -> None:
    assert inputs_of(TRAINING) == ("k",)
    assert inputs_of(evolve(TRAINING, head=JobKey("h"))) == ("k", "h")
    assert inputs_of(CombineMasks(operation="union", masks=(JobKey("a"), JobKey("b")))) == ("a", "b")
    scored = Prune(
        model="m",
        pruning=PRUNING,
        sparsity=Sparsity.percent(70),
        weights=JobKey("w"),
        start=JobKey("k"),
        training=TRAINING,
    )
    assert inputs_of(scored) == ("w", "k")
    assert inputs_of(evolve(LINE, weights=Reached(job=JobKey("point")))) == ("one", "other", "point", "k")
