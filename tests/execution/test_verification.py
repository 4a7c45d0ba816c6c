"""Stored results recomputed from their files: what is honest passes, and each lie is found where it stands."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve
from forging import forge, moved
from handmade import shown
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from small_world import HERE, SEEDS, World, fine_tune, verified, warm

from runtime.masks import MASK_FILE, read_mask, write_mask
from runtime.pruning.selection import remove_lowest
from runtime.store import Certificate, Check, Store, StoreError, certificates
from runtime.verification import verify
from runtime.verification.selection import lowest_removed
from ticketlang.jobs import (
    AnyJob,
    DrawMask,
    Interpolate,
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
RERUN = fine_tune(
    warm(), mask=key_of(FIRST), weights=Reached(job=key_of(POINT)), head=key_of(POINT), begins=UNTIL,
    seeds=evolve(SEEDS, order=2, dropout=2),
)  # fmt: skip
LINE = Interpolate(
    model="m", task=warm(), data="data", one=key_of(TICKET), other=key_of(RERUN), weights=Reached(job=key_of(POINT)),
    mask=key_of(FIRST), points=3, seeds=SEEDS, precision="fp32",
)  # fmt: skip
OTHERS: tuple[AnyJob, ...] = (
    RERUN,
    LINE,
    evolve(FIRST, weights=None),
    evolve(FIRST, pruning=evolve(PRUNING, allocation="per layer"), weights=None),
    RANDOM,
    evolve(RANDOM, scope=PRUNING.scope, like=key_of(SECOND)),
    fine_tune(warm(), mask=key_of(FIRST), weights=Shuffled(weights=Pretrained(), seed=1)),
    fine_tune(warm(), mask=key_of(FIRST), weights=PartlyRewound(matrices=Pretrained(), rest=key_of(DENSE))),
    fine_tune(warm(), mask=key_of(FIRST), weights=RandomWeights(over="pruned matrices", seed=1)),
    fine_tune(warm(), mask=key_of(FIRST), weights=Shuffled(weights=Pretrained(), seed=1, over="layers")),
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


def test_an_honest_store_has_nothing_wrong(store: Store, model_folder: Path) -> None:
    found = verified(store, model_folder)
    looked_at = {tally.question.things: tally.looked_at for tally in found.tallies}
    skipped = {tally.question.things: dict(tally.skipped) for tally in found.tallies if tally.skipped}

    assert found.findings == ()
    assert found.results == 16
    assert looked_at["keys"] == 16
    assert looked_at["masks"] == 6
    assert looked_at["levels"] == 4
    assert looked_at["trained tickets"] == 6
    assert looked_at["trainings"] == 9
    assert looked_at["heads"] == 8
    assert looked_at["examples"] == 2 * 8 + 1 + 1  # a rewind point scores nothing, and a line trains nothing
    assert looked_at["lines"] == 1
    assert skipped == {"trained tickets": {"weights were dropped": 1}, "heads": {"heads were dropped": 1}}


def test_what_is_not_at_hand_is_counted_and_said(store: Store) -> None:
    """Without the model, what was pruned from it and what began with it."""
    shown = "\n".join(line.plain for line in verify(store).view())
    assert (
        "masks                 4  are the same, bit for bit, when they are chosen again\n"
        "                      2  not recomputed: the pre-trained weights lie elsewhere; name the SPEC"
    ) in shown
    assert "16 results verified: all that can be recomputed holds." in shown


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


def empty(folder: Path) -> None:
    write_mask(folder / MASK_FILE, {name: np.ones_like(bits) for name, bits in read_mask(folder / MASK_FILE).items()})


def less(folder: Path) -> None:
    """A mask of all matrices but one."""
    kept = read_mask(folder / MASK_FILE)
    del kept["pooler.dense.weight"]
    write_mask(folder / MASK_FILE, kept)


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


Change = Callable[[dict[str, Any]], None]


def check(name: str, value: object) -> Change:
    """A check that expected and found something else, and holds."""

    def change(certificate: dict[str, Any]) -> None:
        (made,) = (made for made in certificate["checks"] if made["name"] == name)
        made |= {"expected": value, "found": value}

    return change


def without(name: str) -> Change:
    def change(certificate: dict[str, Any]) -> None:
        certificate["checks"] = [made for made in certificate["checks"] if made["name"] != name]

    return change


def fact(value: object, *path: str) -> Change:
    def change(certificate: dict[str, Any]) -> None:
        place = certificate["facts"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return change


def lie(store: Store, job: AnyJob, *changes: Change) -> None:
    """Put another certificate beside a result."""
    written = store.artifact(key_of(job)).certificate.to_json()
    for change in changes:
        change(written)
    forge(store, job, certificate=Certificate.from_json(written))


# What a certificate may say although it is not so: each is a check with itself, or a fact, that agrees with everything
# in its own file.
UNTRUE: list[tuple[AnyJob, Change, str]] = [
    (TICKET, check(certificates.REWOUND, "0" * 40), "began with other weights than those of its declared point"),
    (TICKET, check(certificates.HEAD_REWOUND, "0" * 40), "began with other heads than the declared ones"),
    (DENSE, check(certificates.HEAD_REWOUND, "0" * 40), "began with other heads than the declared ones"),
    (TICKET, check(certificates.STEPS, 4), "certifies 4 as its finding on whether the optimizer took"),
    (TICKET, check(certificates.HELD, 4), "certifies 4 as its finding on whether masked weights are zero"),
    (TICKET, check(certificates.RATES, "0" * 40), "as its finding on whether the learning rate of every step"),
    (TICKET, check(certificates.LAST_RATE, 1.0), "certifies 1.0 as its finding on whether the learning rate of the"),
    (TICKET, check(certificates.HOLES, {}), "certifies that each matrix has as many zeros at the end"),
    (FIRST, check(certificates.REMOVED, 1), "certifies that as many weights are removed as declared: 1, and it is"),
    (LINE, check(certificates.HOLES_AT_ENDS, 1), "certifies that removed weights that are zero at both ends: 1"),
    (LINE, check(certificates.TRAINED_ENDS, ["", ""]), "went between other weights than its trainings left"),
    *((TICKET, without(name), f"has a certificate without the check that {name}") for name in
      (certificates.REWOUND, certificates.HEAD_REWOUND, certificates.STEPS, certificates.RATES,
       certificates.HELD, certificates.HOLES)),
    *((SECOND, without(name), f"has a certificate without the check that {name}") for name in
      (certificates.REMOVED, certificates.NESTED)),
    (RANDOM, without(certificates.REMOVED), f"has a certificate without the check that {certificates.REMOVED}"),
    (LINE, without(certificates.ENDS), "has a certificate without the check that the ends of the line score"),
    (SECOND, fact(7, "prunings"), "certifies 7 prunings, and is the result of 2"),
    (SECOND, fact(0.5, "sparsity"), "certifies sparsity 0.5, and its mask has 0.6"),
    (SECOND, fact(["pooler.dense.weight"], "collapsed"), "certifies collapsed ['pooler.dense.weight'], and its mask"),
    (RANDOM, fact(2, "seed"), "certifies 2 as its seed, and its settings give 1"),
    (TICKET, fact(0.2, "sparsity"), "certifies sparsity 0.2, and its mask has 0.29"),
    (TICKET, fact(["a"], "collapsed"), "certifies collapsed ['a'], and its mask has []"),
    (TICKET, fact([], "scope"), "certifies scope [], and its mask has ["),
    (LINE, fact(0.2, "sparsity"), "certifies sparsity 0.2, and its mask has 0.29"),
    (TICKET, fact(9.0, "learning rate", "first"), "certifies 9.0 as its learning rate, first"),
    (TICKET, fact(9.0, "learning rate", "last"), "certifies 9.0 as its learning rate, last"),
    (TICKET, fact("0", "learning rate", "trace"), "certifies 0 as its learning rate, trace"),
    (TICKET, fact([0, 12], "steps"), "certifies [0, 12] as its steps, and its settings give [3, 12]"),
    (POINT, fact([0, 12], "steps"), "certifies [0, 12] as its steps, and its settings give [0, 3]"),
    (TICKET, fact(20, "steps of the whole schedule"), "certifies 20 as its steps of the whole schedule"),
    (TICKET, fact(8, "seeds", "dropout"), "'dropout': 8"),
    (LINE, fact(8, "seeds", "dropout"), "'dropout': 8"),
    (TICKET, fact([1, 8], "seeds drawn from", "order"), "drew from the seeds [1, 8] for its order"),
    (RANDOM, fact([2], "seeds drawn from", "mask"), "drew from the seeds [2] for its mask, and its settings give 1"),
    (TICKET, fact("fresh", "head"), "certifies fresh as its head, and its settings give rewound"),
    (POINT, fact("carried", "head"), "certifies carried as its head, and its settings give fresh"),
    (TICKET, fact("other", "data"), "certifies other as its data, and its settings give data"),
    (TICKET, fact("bf16", "precision"), "certifies bf16 as its precision, and its settings give fp32"),
    (TICKET, fact("f1", "metric"), "certifies f1 as its metric, and its settings give accuracy"),
    (LINE, fact("f1", "metric"), "certifies f1 as its metric, and its settings give accuracy"),
    (TICKET, fact("on train, at its best", "scored"), "certifies on train, at its best as its scored"),
    (TICKET, fact("0", "scored on", "digest"), "saw other examples than another result that read the same"),
    (DENSE, fact(89, "trained on", "examples"), "saw other examples than another result that read the same"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("job", "change", "sentence"), UNTRUE, ids=[f"{n}: {sentence[:60]}" for n, (_, _, sentence) in enumerate(UNTRUE)]
)
def test_what_a_certificate_says_is_held_against_other_files(
    store: Store, model_folder: Path, job: AnyJob, change: Change, sentence: str
) -> None:
    lie(store, job, change)
    sentences = [finding.sentence for finding in verified(store, model_folder).findings]
    assert any(sentence in said for said in sentences), sentences


SCORED: list[tuple[AnyJob, dict[str, object], str]] = [
    (LINE, {"barrier": 0.5}, "says that its barrier is 0.5, and its scores have"),
    (LINE, {"line": [2.0, 0.5, 0.5]}, "says that an end scores 2.0, and its training scores"),
    (LINE, {"line": [0.5]}, "has 1 scores, and not one at each of 3 even shares"),
    (LINE, {"shares": [0.0, 0.4, 1.0]}, "has 3 scores, and not one at each of 3 even shares"),
    (LINE, {"distance": 1.0}, "says that its ends are 1.0 apart, and they are"),
    (LINE, {"signs": {"between": [1, 2], "since the start": [1, 2]}}, "says that 1 of 2 signs are the same, and"),
    (DENSE, {"steps": 4}, "certifies 4 as its number of steps, and its settings give 12"),
    (DENSE, {"scores": {"accuracy": 1.2}}, "says that its accuracy is 1.2, which cannot be"),
    (DENSE, {"scores": {"f1": 0.5}, "metric": "f1"}, "has scores of f1, and its task is scored by accuracy"),
    (FIRST, {"sparsity": 0.5}, "says sparsity 0.5, and its mask has 0.29"),
]


@pytest.mark.parametrize(("job", "result", "sentence"), SCORED, ids=[sentence for _, _, sentence in SCORED])
def test_what_a_result_says_is_held_against_other_files(
    store: Store, model_folder: Path, job: AnyJob, result: dict[str, object], sentence: str
) -> None:
    forge(store, job, result=result)
    sentences = [finding.sentence for finding in verified(store, model_folder).findings]
    assert any(sentence in said for said in sentences), sentences


def test_every_question_can_say_no(store: Store, model_folder: Path) -> None:
    """A store full of lies. Patterns are in the store of the file on masks."""
    shutil.rmtree(store.artifact(key_of(SECOND)).folder)
    folder = store.artifact(key_of(RANDOM)).folder
    lie(store, FIRST, fact(7, "prunings"))
    lie(store, DENSE, check(certificates.HEAD_REWOUND, "0"), fact("0", "scored on", "digest"))
    (store.artifact(key_of(DENSE)).folder / "notes.txt").write_text("mine")
    lie(store, RERUN, check(certificates.REWOUND, "0"), without(certificates.STEPS))
    lie(store, TICKET, fact(0.2, "sparsity"), fact(0.2, "learning rate", "first"), fact("f1", "metric"))
    forge(store, TICKET, all_alive, result={"scores": {"accuracy": 2.0}})
    forge(store, LINE, result={"barrier": 0.5, "distance": 1.0})
    forge(store, OTHERS[2], less)
    forge(store, OTHERS[3], moved)
    folder.rename(folder.with_name("0" * 40))
    found = verified(store, model_folder)
    assert [tally.question.things for tally in found.tallies if not tally.wrong] == ["patterns"]


def test_results_of_an_earlier_release_certify_less(store: Store, model_folder: Path) -> None:
    """What it did not look at is said not to be checked, and counted; what it did look at must be so."""
    earlier = evolve(HERE, release="")
    written = store.artifact(key_of(DENSE)).certificate.to_json()
    without(certificates.HEAD_REWOUND)(written)
    forge(store, DENSE, certificate=Certificate.from_json(written), provenance=earlier)
    found = verified(store, model_folder)
    assert found.findings == ()
    assert {tally.question.things: tally.let_off for tally in found.tallies if tally.let_off} == {
        "heads": 1,
        "checks": 1,
    }
    said = " ".join(shown(*found.view(), width=100).split())
    assert said.count("1 not checked: made by an earlier release, which certified less") == 2

    without(certificates.STEPS)(written)
    forge(store, DENSE, certificate=Certificate.from_json(written), provenance=earlier)
    (finding,) = verified(store, model_folder).findings
    assert finding.sentence == f"has a certificate without the check that {certificates.STEPS}"


def test_what_a_check_found_may_be_of_any_shape(store: Store, model_folder: Path) -> None:
    """Such as the prunings of a gradual one: a step and a count for each."""
    before = store.artifact(key_of(DENSE)).certificate
    nested = Check("the prunings", [[2, 34], [3, 47]], [[2, 34], [3, 47]], True)
    forge(store, DENSE, certificate=evolve(before, checks=(*before.checks, nested)))
    assert verified(store, model_folder).findings == ()


def test_a_certificate_that_says_nothing_is_found(store: Store, model_folder: Path) -> None:
    forge(store, DENSE, certificate=Certificate())
    sentences = {finding.sentence for finding in verified(store, model_folder).findings}
    assert "has a certificate without a check" in sentences


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
