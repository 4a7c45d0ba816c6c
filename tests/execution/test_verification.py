"""Stored results recomputed from their files: what is honest passes, and each lie is found where it stands."""

import shutil
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from small_world import HERE, SEEDS, World, fine_tune, warm

from runtime.masks import MASK_FILE, read_mask, write_mask
from runtime.pruning.selection import remove_lowest
from runtime.store import Artifact, Certificate, Check, Outcome, Store, StoreError
from runtime.verification import Verified, verify
from runtime.verification.masks import lowest_removed
from ticketlang.jobs import (
    AnyJob,
    DrawMask,
    JobKey,
    PartlyRewound,
    Pretrained,
    Prune,
    RandomWeights,
    Reached,
    ReachRewindPoint,
    Shuffled,
    key_of,
)
from ticketlang.plan import PlannedJob
from ticketlang.study import Pruning
from ticketlang.units import Duration, Sparsity

PRUNING = Pruning(method="magnitude", allocation="global", scope=("encoder", "pooler"))
UNTIL = Duration(Fraction(3), "steps")
POINT = ReachRewindPoint(model="m", task=warm(), data="data", until=UNTIL, seeds=SEEDS, precision="fp32")
DENSE = fine_tune(warm())
FIRST = Prune(model="m", pruning=PRUNING, sparsity=Sparsity.percent(30), weights=key_of(DENSE), start=None)
TICKET = fine_tune(
    warm(), mask=key_of(FIRST), weights=Reached(job=key_of(POINT)), head=key_of(POINT), begins=UNTIL
)  # fmt: skip
SECOND = evolve(FIRST, sparsity=Sparsity.percent(60), weights=key_of(TICKET), start=key_of(FIRST))
RANDOM = DrawMask(model="m", scope=("encoder",), sparsity=Sparsity.percent(60), seed=1, like=None)
OTHERS: tuple[AnyJob, ...] = (
    evolve(FIRST, weights=None),
    evolve(FIRST, pruning=evolve(PRUNING, allocation="per layer"), weights=None),
    RANDOM,
    evolve(RANDOM, scope=PRUNING.scope, like=key_of(SECOND)),
    fine_tune(warm(), mask=key_of(FIRST), weights=Shuffled(weights=Pretrained(), seed=1)),
    fine_tune(warm(), mask=key_of(FIRST), weights=PartlyRewound(matrices=Pretrained(), rest=key_of(DENSE))),
    fine_tune(warm(), mask=key_of(FIRST), weights=RandomWeights(over="all", seed=1), keeps_weights=False),
)


@pytest.fixture(scope="module")
def honest(model_folder: Path, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which every question can be asked. Look, and do not touch: use `world`."""
    folder = tmp_path_factory.mktemp("honest") / "store"
    world = World.open(model_folder, data_folder, folder)
    for job in (POINT, DENSE, FIRST, TICKET, SECOND, *OTHERS):
        world.do(job)
    return folder


@pytest.fixture
def store(honest: Path, tmp_path: Path) -> Store:
    return Store.open(Path(shutil.copytree(honest, tmp_path / "store")))


def verified(store: Store, model: Path) -> Verified:
    return verify(Store.look(store.folder), {"m": model})


def forge(
    store: Store,
    job: AnyJob,
    tensors: Callable[[Path], None] = lambda folder: None,
    result: Mapping[str, object] | None = None,
    certificate: Certificate | None = None,
) -> Artifact:
    """Put another result in the place of one, with digests and seals that are right."""
    key = key_of(job)
    before = store.artifact(key)
    staged = store.stage(key)
    for name in before.files:
        if name.endswith(".safetensors"):
            shutil.copy(before.path(name), staged / name)
    tensors(staged)
    outcome = Outcome({**before.result, **(result or {})}, certificate or before.certificate)
    planned = PlannedJob(key=key, job=job, group="", labels=("it",), known=None)
    return store.publish(planned, staged, outcome, HERE)


def test_an_honest_store_has_nothing_wrong(store: Store, model_folder: Path) -> None:
    found = verified(store, model_folder)
    looked_at = {tally.question.things: tally.looked_at for tally in found.tallies}
    skipped = {tally.question.things: dict(tally.skipped) for tally in found.tallies if tally.skipped}

    assert found.findings == ()
    assert found.results == 12
    assert looked_at["keys"] == 12
    assert looked_at["masks"] == 6
    assert looked_at["levels"] == 1
    assert looked_at["trained tickets"] == 3
    assert looked_at["trainings"] == 5
    assert skipped == {
        "trained tickets": {"weights were dropped": 1},
        "trainings": {"random weights, and layers that changed places, are not made again": 1},
    }


def test_what_is_not_at_hand_is_counted_and_said(store: Store) -> None:
    """Without the model, what was pruned from it and what began with it."""
    shown = "\n".join(line.plain for line in verify(store).view())
    assert (
        "masks                 4  are the same, bit for bit, when they are chosen again\n"
        "                      2  not recomputed: the pre-trained weights lie elsewhere; name the SPEC"
    ) in shown
    assert "12 results verified: all that can be recomputed holds." in shown


def test_units_that_are_drawn_like_others_are_not_taken_for_weights(
    model_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    """How many went is counted; which ones is not asked of single weights, of which another draw knows nothing."""
    world = World.open(model_folder, data_folder, tmp_path / "store")
    units = evolve(FIRST, pruning=evolve(PRUNING, scope=("heads", "neurons")), weights=None)
    for job in (units, evolve(RANDOM, scope=("heads", "neurons"), like=key_of(units))):
        world.do(job)
    found = verified(Store.open(tmp_path / "store"), model_folder)
    skipped = {tally.question.things: dict(tally.skipped) for tally in found.tallies if tally.skipped}

    assert found.findings == ()
    assert skipped["masks"] == {"whole units were pruned": 1, "whole units were drawn": 1}


def test_nothing_is_written(store: Store, model_folder: Path) -> None:
    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (store.folder, *store.folder.rglob("*"))}

    before = state()
    verified(store, model_folder)
    assert state() == before


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store in"):
        Store.look(tmp_path)
    assert not list(tmp_path.iterdir())


def moved(folder: Path) -> None:
    """One weight more in the first matrix, and one less."""
    kept = read_mask(folder / MASK_FILE)
    bits = next(iter(kept.values())).reshape(-1)
    bits[np.flatnonzero(bits)[0]], bits[np.flatnonzero(~bits)[-1]] = False, True
    write_mask(folder / MASK_FILE, kept)


def empty(folder: Path) -> None:
    write_mask(folder / MASK_FILE, {name: np.ones_like(bits) for name, bits in read_mask(folder / MASK_FILE).items()})


def all_alive(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    weights["encoder.layer.0.output.dense.weight"] += 1.0
    save_file(weights, folder / "weights.safetensors")


LIES: list[tuple[str, AnyJob, Callable[[Path], None], str]] = [
    ("another choice", SECOND, moved, "differs in 2 weights from the mask that its settings give"),
    ("a random mask moved by hand", RANDOM, moved, "differs in 2 weights from the mask that its settings give"),
    ("a weight that came back", SECOND, moved, "weights that the level before removed"),
    ("a mask without a hole", FIRST, empty, "was to remove"),
    ("a mask without a hole", FIRST, empty, "says removed"),
    ("a ticket without holes", TICKET, all_alive, "weights in `encoder.layer.0.output.dense.weight` that its mask"),
    ("another point", POINT, all_alive, "began with other weights than those of its declared point"),
]


@pytest.mark.parametrize(("job", "change", "sentence"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_a_lie_is_found(
    store: Store, model_folder: Path, job: AnyJob, change: Callable[[Path], None], sentence: str
) -> None:
    """Although digests, seals and certificates are right."""
    forge(store, job, change)
    found = verified(store, model_folder).findings
    assert any(sentence in finding.sentence for finding in found), found


def test_a_certificate_that_contradicts_itself_is_found(store: Store, model_folder: Path) -> None:
    certificate = store.artifact(key_of(DENSE)).certificate
    lie = evolve(certificate.checks[0], expected="another digest", holds=True)
    forge(store, DENSE, certificate=evolve(certificate, checks=(lie, *certificate.checks[1:])))
    (finding,) = verified(store, model_folder).findings
    assert finding.sentence.startswith("has a check that does not hold: weights after rewinding")


def test_what_a_check_found_may_be_of_any_shape(store: Store, model_folder: Path) -> None:
    """Such as the prunings of a gradual one: a step and a count for each."""
    before = store.artifact(key_of(DENSE)).certificate
    nested = Check("the prunings", [[2, 34], [3, 47]], [[2, 34], [3, 47]], True)
    forge(store, DENSE, certificate=evolve(before, checks=(*before.checks, nested)))
    assert verified(store, model_folder).findings == ()


def test_a_certificate_that_says_nothing_is_found(store: Store, model_folder: Path) -> None:
    forge(store, DENSE, certificate=Certificate())
    (finding,) = verified(store, model_folder).findings
    assert finding.sentence == "has a certificate without a check"


def test_a_result_under_another_key_is_found(store: Store, model_folder: Path) -> None:
    folder = store.artifact(key_of(RANDOM)).folder
    folder.rename(folder.with_name("0" * 40))
    (finding,) = verified(store, model_folder).findings
    assert finding.sentence == f"lies under another key than its settings have, {key_of(RANDOM)}"


def test_an_input_that_is_gone_is_found(store: Store, model_folder: Path) -> None:
    shutil.rmtree(store.artifact(key_of(POINT)).folder)
    sentences = {finding.sentence for finding in verified(store, model_folder).findings}
    assert sentences == {
        f"says that its {field} is {key_of(POINT)}, and there is no such result" for field in ("weights job", "head")
    }


@pytest.mark.parametrize("name", ["job.json", "result.json", "certificate.json", "digests.json", "provenance.json",
                                  "weights.safetensors"])  # fmt: skip
def test_a_flipped_bit_is_found_once(store: Store, model_folder: Path, name: str) -> None:
    """What cannot be read is a finding of its own, and no other question is answered from it."""
    named = "provenance.json" if name == "digests.json" else name  # which of the two is another, neither can say
    path = store.artifact(key_of(TICKET)).folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    found = verified(store, model_folder).findings

    assert {finding.sentence.split()[1] for finding in found} == {named}


def test_a_file_that_does_not_belong_is_found(store: Store, model_folder: Path) -> None:
    (store.artifact(key_of(DENSE)).folder / "notes.txt").write_text("mine")
    (finding,) = verified(store, model_folder).findings
    assert finding.sentence == "holds `notes.txt`, which is not part of it"


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=12), min_size=1, max_size=3),
    st.data(),
)
def test_masks_are_chosen_again_as_they_were_chosen(values: list[list[int]], data: st.DataObject) -> None:
    """Ties and all, from any mask before: two algorithms, one answer."""
    scores = {f"m{n}": np.array(row, dtype=np.float32) for n, row in enumerate(values)}
    tensors = {name: torch.from_numpy(score) for name, score in scores.items()}
    total = sum(map(len, values))
    before = data.draw(st.integers(0, total))
    count = data.draw(st.integers(before, total))
    start = remove_lowest({name: -tensor for name, tensor in tensors.items()}, before)

    chosen = remove_lowest(tensors, count, start)
    again = lowest_removed(scores, count, {name: bits.numpy() for name, bits in start.kept.items()})

    assert all(np.array_equal(again[name], bits.numpy()) for name, bits in chosen.kept.items())


def test_keys_are_those_of_the_plan(store: Store, model_folder: Path) -> None:
    """Some results alone, where a study names them."""
    found = verify(store, {"m": model_folder}, only=[JobKey(key_of(FIRST))])
    assert (found.results, found.findings) == (1, ())
