"""What is in the store is whole, is what was written, and is the same bytes for the same result."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from handmade import draw, perform, plan, publish, study, ticket

from runtime.masks import MASK_FILE
from runtime.store import Certificate, Check, DamagedError, Disk, MissingFileError, Outcome, Store, StoreError, records
from runtime.store.records import BadRecordError
from ticketlang.jobs import FineTune, JobKey
from ticketlang.plan import Known

DETERMINISTIC = ("job.json", "result.json", "certificate.json", "digests.json", "mask.safetensors")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def flip_bit(path: Path, byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


def test_what_was_published_is_read_back(store: Store) -> None:
    job = draw(1)
    outcome = Outcome({"removed": 3, "note": "é"}, Certificate((Check("nested", [1], [1], True),), {"seed": 7}))

    publish(store, job, outcome)
    artifact = Store.open(store.folder).artifact(job.key)

    assert artifact.result == outcome.result
    assert artifact.certificate == outcome.certificate
    assert artifact.provenance.seconds == 2.0
    assert artifact.path("mask.safetensors").is_file()
    assert artifact.verify() == ()


def test_known_is_what_was_asked_for_and_is_done(store: Store) -> None:
    done, also_done, not_done = draw(1), draw(2), draw(3)
    publish(store, done)
    publish(store, also_done)

    known = store.known([done.key, not_done.key])

    assert known == {done.key: Known(study="handmade", keeps_weights=False, seconds=2.0)}


def test_the_same_result_is_the_same_bytes(tmp_path: Path) -> None:
    """Only the provenance knows when, where and how long."""
    first = publish(Store.open(tmp_path / "one"), draw(1), seconds=1.0)
    second = publish(Store.open(tmp_path / "two"), draw(1), seconds=99.0)

    for name in DETERMINISTIC:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes(), name
    assert (first.folder / "provenance.json").read_bytes() != (second.folder / "provenance.json").read_bytes()


def test_a_rerun_that_keeps_weights_replaces_one_that_did_not(store: Store) -> None:
    training = next(j for j in plan(study(ticket("a", 30, 50))).jobs.values() if isinstance(j.job, FineTune))
    dropping = evolve(training, job=evolve(training.job, keeps_weights=False))
    publish(store, dropping)
    assert not store.known([training.key])[training.key].keeps_weights

    publish(store, training)

    assert store.known([training.key])[training.key].keeps_weights
    assert store.artifact(training.key).path("weights.safetensors").is_file()
    assert len(list(store.layout.artifacts.iterdir())) == 1


def test_sweeping_leaves_what_another_process_publishes_meanwhile(store: Store) -> None:
    """The other one publishes just after this one has looked at what there is."""
    earlier, meanwhile = draw(1), draw(2)
    publish(store, earlier)
    other = Store.open(store.folder)

    class Slow(Disk):
        def names(self, path: Path) -> dict[str, int]:
            found = super().names(path)
            if path == store.layout.artifacts and not other.known([meanwhile.key]):
                publish(other, meanwhile)
            return found

    Store.open(store.folder, Slow()).sweep()

    assert Store.open(store.folder).known([earlier.key, meanwhile.key]).keys() == {earlier.key, meanwhile.key}


@pytest.mark.parametrize("name", [*DETERMINISTIC, "provenance.json"])
def test_one_flipped_bit_in_any_file_is_found(store: Store, name: str) -> None:
    job = draw(1)
    folder = publish(store, job).folder
    size = (folder / name).stat().st_size

    for byte in {0, size // 3, size // 2, size - 1}:
        flip_bit(folder / name, byte)
        problems = Store.open(store.folder).artifact(job.key).verify()
        assert problems, f"byte {byte}"
        assert job.key in problems[0]
        flip_bit(folder / name, byte)
    assert Store.open(store.folder).artifact(job.key).verify() == ()


@pytest.mark.parametrize("name", [*DETERMINISTIC, "provenance.json"])
def test_an_artifact_that_misses_a_file_is_not_known(store: Store, name: str) -> None:
    job = draw(1)
    folder = publish(store, job).folder
    (folder / name).unlink()

    assert not Store.open(store.folder).known([job.key])


def test_a_changed_tensor_is_not_read(store: Store) -> None:
    job = draw(1)
    artifact = publish(store, job)
    artifact.path("mask.safetensors")  # it was well when it was first read
    (artifact.folder / "mask.safetensors").write_bytes(b"something else")

    with pytest.raises(DamagedError, match=f"{job.key} is damaged: its mask.safetensors has changed"):
        artifact.path("mask.safetensors")


def test_what_is_set_aside_is_done_again(store: Store) -> None:
    job = draw(1)
    folder = publish(store, job).folder
    flip_bit(folder / "result.json", 5)

    store.set_aside(folder)

    assert not store.known([job.key])
    with pytest.raises(MissingFileError):
        store.artifact(job.key)
    publish(store, job)
    assert store.artifact(job.key).verify() == ()


def test_a_job_may_not_write_the_stores_own_files(store: Store) -> None:
    job = draw(1)
    staged = store.stage(job.key)
    (staged / "result.json").write_text("{}")
    provenance = publish(store, draw(2)).provenance

    with pytest.raises(ValueError, match=r"not result\.json"):
        store.publish(job, staged, Outcome({}, Certificate()), provenance)


def test_a_result_that_is_not_a_number_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        publish(store, draw(1), Outcome({"loss": float("nan")}, Certificate()))
    assert not store.known([draw(1).key])


@pytest.mark.parametrize("content", [b'{\n "a": NaN\n}\n', b'{\n "a": Infinity\n}\n', b"[" * 100_000, b"{", b"\xff"])
def test_bytes_that_the_store_does_not_write_are_a_bad_record(content: bytes) -> None:
    """Python's own reader takes some of them: a score that is no number must not get into a table."""
    with pytest.raises(BadRecordError):
        records.read(content)


def test_a_folder_of_something_else_is_not_taken_for_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("a year of work")

    with pytest.raises(StoreError, match=r"is no store: it holds 'thesis\.tex'"):
        Store.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_store_of_another_format_is_left_alone(store: Store) -> None:
    (store.folder / "format").write_text("99\n")

    with pytest.raises(StoreError, match="has format '99', and this ticketlang reads format 1"):
        Store.open(store.folder)


@pytest.mark.parametrize("inside", ["store", "store/of/mine"])
def test_a_file_where_the_store_should_be_is_one_sentence(tmp_path: Path, inside: str) -> None:
    (tmp_path / "store").write_text("")

    with pytest.raises(StoreError) as problem:
        Store.open(tmp_path / inside)
    said = str(problem.value)
    assert "\n" not in said
    assert said.endswith("a file stands where a folder should be; choose another place with --store")


def test_records_are_compared_and_tensors_measured_before_a_plan_counts_on_them(store: Store) -> None:
    """Cheap enough to ask of everything: what flips within a mask is found by who reads it."""
    (record, mask, longer, bit) = (publish(store, draw(seed)) for seed in range(4))
    for artifact in (record, mask, longer, bit):
        artifact.skim()
    (record.folder / "result.json").write_text("{}")
    content = (mask.folder / MASK_FILE).read_bytes()
    (mask.folder / MASK_FILE).write_bytes(content[:-1])
    (longer.folder / MASK_FILE).write_bytes(content + b"\0")
    (bit.folder / MASK_FILE).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    for artifact, said in ((record, "result.json has changed"), (mask, "as long as"), (longer, "as long as")):
        with pytest.raises(DamagedError, match=said):
            Store.look(store.folder).artifact(artifact.key).skim()
    Store.look(store.folder).artifact(bit.key).skim()
    with pytest.raises(DamagedError, match="has changed"):
        Store.look(store.folder).artifact(bit.key).check()


def test_a_header_of_noise_is_damage(store: Store) -> None:
    artifact = publish(store, draw(1))
    for noise in (
        b"",
        b"\xff" * 40,
        b"\2" + b"\0" * 7 + b"[]",
        b"\4" + b"\0" * 7 + b'{"a"',
        b"\7" + b"\0" * 7 + b'{"a":1}',
    ):
        (artifact.folder / MASK_FILE).write_bytes(noise)
        with pytest.raises(DamagedError):
            Store.look(store.folder).artifact(artifact.key).skim()


def test_ten_thousand_jobs_cost_two_operations_each_and_none_the_second_time(store: Store) -> None:
    """Counted rather than timed, on fewer: what grows with the artifacts is listing and reading, once each."""
    jobs = [draw(seed) for seed in range(20)]
    for job in jobs:
        publish(store, job)
    operations: list[str] = []

    class Counting(type(store.disk)):  # type: ignore[misc]
        def names(self, path: Path) -> dict[str, int]:
            operations.append("names")
            return super().names(path)  # type: ignore[no-any-return]

        def read(self, path: Path) -> bytes:
            operations.append("read")
            return super().read(path)  # type: ignore[no-any-return]

    again = Store.open(store.folder, Counting())
    keys = [job.key for job in jobs]
    operations.clear()
    assert len(again.known(keys)) == 20
    assert len(operations) == 1 + 2 * 20

    operations.clear()
    assert len(again.known(keys)) == 20
    assert operations == ["names"]

    operations.clear()
    for key in keys:
        again.artifact(key).skim()
    assert operations.count("names") == 0, "the folder of all results is not listed once for each of them"


def test_a_result_that_was_replaced_or_set_aside_is_not_taken_from_an_old_list(store: Store) -> None:
    first, second = publish(store, draw(1)), publish(store, draw(2))
    other = Store.look(store.folder)
    other.known([first.key, second.key])

    newer = publish(store, draw(1))
    store.set_aside(second.folder)

    assert other.artifact(first.key).folder == newer.folder != first.folder
    with pytest.raises(MissingFileError):
        other.artifact(second.key)


def test_the_light_half_loads_nothing_heavy() -> None:
    modules = "runtime.store, runtime.schedulers.serial, runtime.results, runtime.verdicts, runtime.reports"
    heavy = "('torch', 'transformers', 'datasets', 'numpy', 'scipy')"
    program = (
        f"import sys, {modules}, runtime.reports.writers.terminal; print([m for m in {heavy} if m in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert said == "[]\n"


def test_settings_in_an_artifact_give_its_key(store: Store) -> None:
    """So that a folder can be told from any other by what is in it."""
    from hashlib import blake2b

    job = draw(1)
    settings = json.loads(publish(store, job).path("job.json").read_text())["settings"]

    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert JobKey(blake2b(text.encode(), digest_size=20).hexdigest()) == job.key


def test_a_failure_is_remembered_until_the_job_is_done(store: Store) -> None:
    job = draw(1)
    try:
        raise RuntimeError("the loss went away")
    except RuntimeError as error:
        store.failures.record(job, "it went wrong", error)
        store.failures.record(job, "it went wrong again", error)

    (failure,) = store.failures.all()
    assert (failure.key, failure.label, failure.sentence) == (job.key, "draw 1", "it went wrong again")
    assert "RuntimeError: the loss went away" in failure.log.read_text()
    assert not store.known([job.key])

    publish(store, job)
    assert store.failures.all() == ()
    assert list(store.layout.failures.iterdir()) == []


def test_performing_by_hand_gives_what_real_jobs_give(tmp_path: Path) -> None:
    """The stand-in of these tests writes masks that the real reader reads."""
    from runtime.masks import MASK_FILE, read_mask

    outcome = perform(draw(1).job, draw(1).key, {}, None, tmp_path)

    assert sum(int((~kept).sum()) for kept in read_mask(tmp_path / MASK_FILE).values()) == outcome.result["removed"]
