"""A study goes out of a store and into another bit for bit, and nothing of an archive is trusted on the way."""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from attrs import evolve
from faults import FAULTS, Fault, FaultyDisk, contents
from handmade import Outcome, chain, draw, plan, publish, study, ticket

from runtime.failures import ExchangeError
from runtime.store import Certificate, Check, Disk, PassingDisk, Store, StoreError, records
from runtime.store.claims import Claims
from runtime.store.layout import WEIGHTS
from runtime.storekeeping.export import export_study
from runtime.storekeeping.intake import import_study
from runtime.storekeeping.manifest import MANIFEST, SPEC
from ticketlang.jobs import FineTune

SAID = "study s {\n}\n"
TRAINED = next(
    j for j in plan(study(ticket("a", 30))).jobs.values() if isinstance(j.job, FineTune) and j.job.keeps_weights
)
JOBS = (*chain(2), TRAINED)
KEYS = tuple(job.key for job in JOBS)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.open(tmp_path / "store", PassingDisk())
    for job in JOBS:
        publish(made, job)
    return made


@pytest.fixture
def archive(store: Store, tmp_path: Path) -> Path:
    export_study(store, "s", SAID, KEYS, tmp_path / "s.tar")
    return tmp_path / "s.tar"


def files_in(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def packed(path: Path, files: Mapping[str, bytes], change: Callable[[tarfile.TarInfo], None] | None = None) -> Path:
    """A tar as somebody else makes it."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if change is not None:
                change(info)
            tar.addfile(info, io.BytesIO(content))
    return path


def with_manifest(files: Mapping[str, bytes], **changed: object) -> dict[str, bytes]:
    """Files under a table that fits them, whatever they are."""
    rest = {name: content for name, content in files.items() if name != MANIFEST}
    table = {name: [len(content), records.digest(content)] for name, content in sorted(rest.items())}
    said = {"format": 1, "study": "s", "release": "1", "files": table, **changed}
    return {MANIFEST: records.write(said), **dict(sorted(rest.items()))}


def refused(tmp_path: Path, archive: Path, why: str) -> None:
    """Nothing of it is published, and nothing is left behind."""
    other = Store.open(tmp_path / "other", PassingDisk())
    with pytest.raises(ExchangeError, match=why) as ended:
        import_study(other, archive)
    assert "\n" not in str(ended.value)
    assert other.stored() == ()
    for folder in (other.layout.staging, other.layout.claims, other.layout.studies):
        assert not list(folder.iterdir())
    assert {path.name for path in tmp_path.iterdir()} <= {"store", "other", "s.tar", "evil.tar", "victim"}


def test_a_study_goes_round_bit_for_bit(tmp_path: Path, store: Store, archive: Path) -> None:
    other = Store.open(tmp_path / "other", PassingDisk())

    imported = import_study(other, archive)

    assert (imported.added, imported.there, imported.differing) == (len(KEYS), 0, ())
    assert contents(other.folder) == contents(store.folder)
    for key in KEYS:
        assert other.artifact(key).provenance == store.artifact(key).provenance
        assert other.artifact(key).verify() == ()
    assert other.last_run("s") == SAID
    again = Store.open(other.folder)
    export_study(again, "s", SAID, KEYS, tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_any_tar_reads_it_and_it_says_nothing_of_its_maker(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    assert members[0].name == MANIFEST
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {(0, 0, 0, "", "", 0o644)}
    table = json.loads(files_in(archive)[MANIFEST])["files"]
    assert {name: records.digest(content) for name, content in files_in(archive).items() if name != MANIFEST} == {
        name: digest for name, (_, digest) in table.items()
    }


def test_what_is_there_already_is_skipped(tmp_path: Path, archive: Path) -> None:
    other = Store.open(tmp_path / "other", PassingDisk())
    publish(other, JOBS[0])
    before = other.artifact(KEYS[0]).folder.stat().st_ino

    imported = import_study(other, archive)

    assert (imported.added, imported.there) == (len(KEYS) - 1, 1)
    assert Store.open(other.folder).artifact(KEYS[0]).folder.stat().st_ino == before


def test_what_somebody_is_doing_is_left_to_them(tmp_path: Path, archive: Path) -> None:
    """An import takes a claim for each result as a job does, so it never publishes beside one."""
    other = Store.open(tmp_path / "other", PassingDisk())
    theirs = Claims(other.layout, other.disk)
    claim = theirs.take(KEYS[0])
    assert claim is not None
    staged = other.stage(KEYS[0])

    imported = import_study(other, archive)

    assert (imported.added, imported.there, imported.busy, imported.differing) == (len(KEYS) - 1, 0, 1, ())
    assert theirs.holds(claim)
    assert staged.is_dir()
    assert set(other.stored()) == set(KEYS[1:])
    theirs.release(claim)
    later = import_study(other, archive)
    assert (later.added, later.there, later.busy) == (1, len(KEYS) - 1, 0)
    assert not list(other.layout.claims.iterdir())


def test_what_somebody_reads_is_not_replaced(tmp_path: Path, store: Store, archive: Path) -> None:
    light = tmp_path / "light.tar"
    export_study(store, "s", SAID, KEYS, light, with_states=False)
    other = Store.open(tmp_path / "other", PassingDisk())
    import_study(other, light)
    reading = Claims(other.layout, other.disk).take(draw(99).key, (TRAINED.key,))
    assert reading is not None
    before = other.artifact(TRAINED.key).folder

    imported = import_study(other, archive)

    assert (imported.added, imported.busy) == (0, 1)
    assert before.is_dir()
    assert not other.known(KEYS)[TRAINED.key].keeps_weights


def test_another_result_of_the_same_key_is_said_and_stays(tmp_path: Path, archive: Path) -> None:
    other = Store.open(tmp_path / "other", PassingDisk())
    mine = Outcome({"removed": 1}, Certificate((Check("it was done", 1, 1, True),)))
    publish(other, JOBS[0], mine, device="mine")

    imported = import_study(other, archive)

    (said,) = imported.differing
    assert "`draw 0`" in said
    assert "another result.json, and stays as it is: they were made with device mine and cpu" in said
    assert Store.open(other.folder).artifact(KEYS[0]).result == {"removed": 1}


def test_weights_that_were_dropped_come_back(tmp_path: Path, store: Store, archive: Path) -> None:
    """And an archive may do without them."""
    light = tmp_path / "light.tar"
    export_study(store, "s", SAID, KEYS, light, with_states=False)
    other = Store.open(tmp_path / "other", PassingDisk())

    import_study(other, light)
    assert not other.known(KEYS)[TRAINED.key].keeps_weights
    assert all(other.artifact(key).verify() == () for key in KEYS)
    assert not [name for name in files_in(light) if name.endswith(WEIGHTS)]

    assert import_study(other, archive).added == 1
    assert Store.open(other.folder).artifact(TRAINED.key).path(WEIGHTS).is_file()


def test_a_damaged_result_is_replaced(tmp_path: Path, archive: Path) -> None:
    other = Store.open(tmp_path / "other", PassingDisk())
    (publish(other, JOBS[0]).folder / "digests.json").write_text("{}\n")

    assert import_study(Store.open(other.folder), archive).added == len(KEYS)
    assert Store.open(other.folder).artifact(KEYS[0]).verify() == ()


def test_a_damaged_store_is_not_exported(tmp_path: Path, store: Store) -> None:
    (store.artifact(KEYS[0]).folder / "mask.safetensors").write_bytes(b"something else")

    with pytest.raises(StoreError, match=r"mask\.safetensors has changed"):
        export_study(Store.open(store.folder), "s", SAID, KEYS, tmp_path / "s.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"store"}


def test_nothing_is_written_over(tmp_path: Path, store: Store) -> None:
    (tmp_path / "s.tar").write_text("a year of work")
    with pytest.raises(ExchangeError, match="is there already"):
        export_study(store, "s", SAID, KEYS, tmp_path / "s.tar")
    assert (tmp_path / "s.tar").read_text() == "a year of work"


EVIL_NAMES = (
    "../victim", "/etc/passwd", "results/../../victim", f"results/{KEYS[0]}/../../../victim", "results//victim.json",
    f"results/{KEYS[0]}/.json", f"results/{KEYS[0]}/a/b.json", f"results/{KEYS[0].upper()}/a.json", "C:\\victim.json",
    f"results/{KEYS[0]}/a.json\x00.safetensors", f"results/{KEYS[0]}/run.sh", "format",
)  # fmt: skip


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, archive: Path, name: str) -> None:
    evil = packed(tmp_path / "evil.tar", with_manifest({**files_in(archive), name: b"owned"}))
    refused(tmp_path, evil, "which is no name of a file in such an archive")


@pytest.mark.parametrize("name", ["../victim", "/tmp/victim"])
def test_so_are_names_that_the_table_does_not_have(tmp_path: Path, archive: Path, name: str) -> None:
    refused(tmp_path, packed(tmp_path / "evil.tar", {**files_in(archive), name: b"owned"}), "has another file, or none")


KINDS = {
    "a link": tarfile.SYMTYPE, "a hard link": tarfile.LNKTYPE, "a folder": tarfile.DIRTYPE, "a device": tarfile.CHRTYPE,
    "a disk": tarfile.BLKTYPE, "a pipe": tarfile.FIFOTYPE, "a file with holes": tarfile.GNUTYPE_SPARSE,
    "a long name": tarfile.GNUTYPE_LONGNAME, "a header": tarfile.XHDTYPE, "a header of all": tarfile.XGLTYPE,
    "another file": tarfile.CONTTYPE,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, archive: Path, kind: str) -> None:
    def change(info: tarfile.TarInfo) -> None:
        if info.name.endswith("result.json"):
            info.type, info.linkname = KINDS[kind], "../../../../victim" if "link" in kind else ""

    refused(tmp_path, packed(tmp_path / "evil.tar", files_in(archive), change), "is refused")


def test_a_link_with_a_file_behind_it_is_refused(tmp_path: Path, archive: Path) -> None:
    """A plain file that says where it leads, as some readers take it."""

    def change(info: tarfile.TarInfo) -> None:
        info.linkname = "/etc/passwd"

    refused(tmp_path, packed(tmp_path / "evil.tar", files_in(archive), change), "is no plain file")


@pytest.mark.parametrize("size", [1 << 50, 1 << 70, -1, 1.5, "1", None, True])
def test_sizes_are_looked_at_before_anything_is_taken(tmp_path: Path, archive: Path, size: object) -> None:
    files = files_in(archive)
    said = json.loads(files[MANIFEST])
    said["files"][SPEC][0] = 5
    name = next(name for name in said["files"] if name.endswith(".safetensors"))
    said["files"][name][0] = size
    evil = packed(tmp_path / "evil.tar", {**files, MANIFEST: records.write(said)})
    refused(tmp_path, evil, "cannot be understood|it says that it holds|and its manifest")


def test_a_header_that_promises_more_than_there_is(tmp_path: Path, archive: Path) -> None:
    info = tarfile.TarInfo(MANIFEST)
    info.size = 1 << 60
    (tmp_path / "evil.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"{}")
    refused(tmp_path, tmp_path / "evil.tar", "it is no archive")


@pytest.mark.parametrize("compress", ["gz", "bz2", "xz"])
def test_nothing_is_unpacked_that_could_grow(tmp_path: Path, archive: Path, compress: str) -> None:
    with tarfile.open(tmp_path / "evil.tar", f"w:{compress}") as tar:  # type: ignore[call-overload]
        info = tarfile.TarInfo(MANIFEST)
        info.size = 1 << 24
        tar.addfile(info, io.BytesIO(bytes(1 << 24)))
    refused(tmp_path, tmp_path / "evil.tar", "it is no archive|it ends in the middle")


DISHONEST: Mapping[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "a result of another key": lambda files: {
        name.replace(KEYS[0], "0" * 40): content for name, content in files.items()
    },
    "a file too many": lambda files: {**files, f"results/{KEYS[0]}/more.json": b"{}\n"},
    "a file too few": lambda files: {n: c for n, c in files.items() if n != f"results/{KEYS[0]}/certificate.json"},
    "no list of digests": lambda files: {n: c for n, c in files.items() if n != f"results/{KEYS[0]}/digests.json"},
    "other scores": lambda files: {**files, f"results/{KEYS[0]}/result.json": records.write({"removed": 0})},
    "another format": lambda files: files,
}


@pytest.mark.parametrize("how", DISHONEST)
def test_a_table_that_fits_proves_nothing_of_the_results(tmp_path: Path, archive: Path, how: str) -> None:
    """Whoever changes a file can write a table, but not the seal of a result."""
    changed = {"format": 2} if how == "another format" else {}
    evil = packed(tmp_path / "evil.tar", with_manifest(DISHONEST[how](files_in(archive)), **changed))
    refused(tmp_path, evil, "is refused")


def test_a_certificate_that_does_not_hold_is_refused(tmp_path: Path) -> None:
    """Sealed or not: nothing like it was ever published by us."""
    store = Store.open(tmp_path / "store")
    publish(store, draw(1), Outcome({"removed": 1}, Certificate((Check("nested", 1, 2, False),))))
    export_study(store, "s", SAID, [draw(1).key], tmp_path / "s.tar")

    refused(tmp_path, tmp_path / "s.tar", "has a certificate that does not hold")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(1024), b"\x80" * 2000, b"{" * 600])
def test_noise_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "evil.tar").write_bytes(content)
    refused(tmp_path, tmp_path / "evil.tar", "is refused")


def test_one_flipped_bit_anywhere_is_found(tmp_path: Path, archive: Path) -> None:
    """In headers, tables, files and what lies between them."""
    content = bytearray(archive.read_bytes())
    step = len(content) // 60
    for place in range(0, len(content), step):
        content[place] ^= 1 << place % 8
        (tmp_path / "evil.tar").write_bytes(content)
        refused(tmp_path, tmp_path / "evil.tar", "is refused")
        content[place] ^= 1 << place % 8


def test_one_that_was_cut_short_is_refused(tmp_path: Path, archive: Path) -> None:
    content = archive.read_bytes()
    for size in range(1, len(content), 1901):
        (tmp_path / "evil.tar").write_bytes(content[:size])
        refused(tmp_path, tmp_path / "evil.tar", "is refused")


@pytest.mark.parametrize("name", ["../../victim", "a/b", ".", "..", "x" * 500, "\x1b[2J"])
def test_the_name_of_a_study_leads_nowhere(tmp_path: Path, archive: Path, name: str) -> None:
    other = Store.open(tmp_path / "other", PassingDisk())
    packed(tmp_path / "evil.tar", with_manifest(files_in(archive), study=name))

    spec = import_study(other, tmp_path / "evil.tar").spec

    assert spec.parent == other.layout.studies
    assert spec.is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"store", "other", "s.tar", "evil.tar"}


@pytest.mark.parametrize("fault", [FAULTS[2], FAULTS[6], FAULTS[7]], ids=lambda fault: fault.name)
def test_a_disk_that_fails_on_the_way_leaves_whole_results(tmp_path: Path, archive: Path, fault: Fault) -> None:
    counted = FaultyDisk(fault)
    import_study(Store.open(tmp_path / "counted", counted), archive)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        ended = process.pid
    for number in range(0, counted.done, 7):
        disk = FaultyDisk(fault, left=number)
        try:
            failing = Store.open(tmp_path / str(number), disk)
            failing.claims.me = evolve(failing.claims.me, pid=ended)  # whoever meets such a disk ends, claims or no
            import_study(failing, archive)
        except StoreError as problem:
            assert "\n" not in str(problem)  # noqa: PT017  # or it is swallowed, where it does no harm
        after = Store.open(tmp_path / str(number), Disk())
        assert all(after.artifact(key).verify() == () for key in after.known(KEYS))
        after.claims.me = evolve(after.claims.me, token="another")
        import_study(after, archive)
        assert {*after.known(KEYS)} == {*KEYS}
