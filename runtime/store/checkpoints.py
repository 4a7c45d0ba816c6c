"""How far jobs that are not done have come: what a later try needs to go on from there, and end as if never stopped.

A checkpoint is a safetensors file of a name of its own, and a sealed record that names it with its digest. The record
is written beside the one before and put in its place by one rename, so there is always a whole checkpoint, or none.
It serves the environment that wrote it alone, since equal bits are promised there and nowhere else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from attrs import asdict, define, evolve, frozen

from ticketlang import jobs
from ticketlang.jobs import JobKey

from . import records
from .certificates import JSON
from .disk import Disk, MissingFileError, StoreError
from .layout import Layout
from .provenance import Environment, environment_of

if TYPE_CHECKING:
    from ..tensors import Array

EVERY = 60.0  # seconds between two checkpoints of a job, unless somebody says otherwise
RESUMED = "resumed.json"  # after which steps a job was interrupted, and went on
SHORTEST = 10  # digits of a digest that are enough to tell one code from another


class UnusableError(Exception):
    """A checkpoint cannot be gone on from. Its text says why, and is half a sentence."""


@frozen(kw_only=True)
class Standing:
    """How far a job has come."""

    step: int  # steps done
    steps: int  # in all


@frozen(kw_only=True)
class Checkpoint:
    """What was kept of a job on its way."""

    standing: Standing
    facts: JSON
    tensors: "Mapping[str, Array]"  # mapped into memory, not to be written to


@define(eq=False)
class Checkpoints:
    """The checkpoints of one store. Whoever writes one has claimed its job."""

    layout: Layout
    disk: Disk
    every: float = EVERY  # seconds between two of a job

    def write(
        self, key: JobKey, name: str, standing: Standing, facts: JSON, image: memoryview, environment: Environment
    ) -> None:
        """Put a checkpoint in the place of the one before.

        Args:
            name: of the part of the job that it is of.
            image: the bytes of a safetensors file.

        Raises:
            StoreError: the disk refuses; then the one before is still there.
        """
        folder, token = self.layout.checkpoints_of(key), token_hex(8)
        tensors, new = folder / f"{name}.{token}.safetensors", folder / f"{name}.{token}.new"
        said = {
            "facts": facts,
            "environment": asdict(environment),
            **asdict(standing),
            "tensors": tensors.name,
            "digest": records.digest(image),
        }
        self.disk.make_folder(folder, parents=True)
        try:
            self.disk.write_new(tensors, image)
            self.disk.write_new(new, _sealed(said))
            self.disk.rename(new, folder / f"{name}.json")
        except StoreError:
            for path in (tensors, new):
                with suppress(StoreError):  # the first error is the one to tell; the next checkpoint removes the rest
                    self.disk.remove(path)
            raise
        for other in self.disk.names(folder):
            if other.startswith(f"{name}.") and other not in {tensors.name, f"{name}.json"}:
                self.disk.remove(folder / other)

    def read(self, key: JobKey, name: str, environment: Environment) -> Checkpoint | None:
        """What was kept of a part of a job; None: nothing.

        Raises:
            UnusableError: it is damaged, or another environment wrote it.
        """
        from ..tensors import map_tensors  # late: whoever only gives jobs to workers needs no numpy

        folder = self.layout.checkpoints_of(key)
        try:
            said = self._record(folder / f"{name}.json")
            if said is None:
                return None
            if differing := Environment.from_json(said["environment"]).differences(environment):
                raise UnusableError(f"is of another environment ({', '.join(differing)})")
            path = folder / said["tensors"]
            if said["tensors"] not in self.disk.names(folder) or self.disk.digest(path) != said["digest"]:
                raise UnusableError("is damaged: its tensors are not those that were written")
            tensors, _ = map_tensors(path)
        except (StoreError, OSError, ValueError, KeyError, TypeError) as problem:
            raise UnusableError(f"cannot be read: {problem}") from problem
        return Checkpoint(
            standing=Standing(step=said["step"], steps=said["steps"]), facts=said["facts"], tensors=tensors
        )

    def forget(self, key: JobKey) -> None:
        """Remove all that was kept of a job: it is done, or begins anew."""
        self.disk.remove(self.layout.checkpoints_of(key))

    def forget_all(self, done: Iterable[JobKey]) -> None:
        """Remove what was kept of jobs that are done: whoever did them may have been killed just then."""
        there = self._names()
        for key in done:
            if key in there:
                self.forget(key)

    def resumes(self, key: JobKey, step: int) -> None:
        """Note that a job goes on after a step."""
        folder = self.layout.checkpoints_of(key)
        new = folder / f"{RESUMED}.{token_hex(4)}.new"
        self.disk.write_new(new, _sealed({"after": [*self.resumed(key), step]}))
        self.disk.rename(new, folder / RESUMED)

    def resumed(self, key: JobKey) -> tuple[int, ...]:
        """After which steps a job went on that was interrupted there; none where nobody noted it, or it is damaged."""
        with suppress(UnusableError):
            said = self._record(self.layout.checkpoints_of(key) / RESUMED)
            return () if said is None else tuple(said["after"])
        return ()

    def standing(self, keys: Collection[JobKey]) -> Mapping[JobKey, Standing]:
        """How far jobs have come of which something was kept, by the records alone."""
        found = {}
        for name in self._names():
            if name in keys:
                with suppress(StoreError, UnusableError, KeyError):
                    for part in sorted(self.disk.names(self.layout.checkpoints / name)):
                        said = self._record(self.layout.checkpoints / name / part) if _is_record(part) else None
                        if said is not None:
                            found[JobKey(name)] = Standing(step=said["step"], steps=said["steps"])
        return found

    def problems(self) -> Iterator[str]:
        """What is damaged of what was kept, a sentence each. Whoever goes on from there finds it, and begins anew."""
        for key in sorted(self._names()):
            folder = self.layout.checkpoints / key
            with suppress(MissingFileError):  # its job has been done meanwhile, or has come further
                for part in sorted(name for name in self.disk.names(folder) if name.endswith(".json")):
                    try:
                        said = self._record(folder / part)
                        if (
                            said is not None
                            and _is_record(part)
                            and self.disk.digest(folder / said["tensors"]) != said["digest"]
                        ):
                            raise UnusableError("is damaged: its tensors are not those that were written")
                    except UnusableError as problem:
                        yield f"the checkpoint {key}/{part} {problem}"

    def sizes(self) -> Mapping[JobKey, int]:
        """Bytes that are kept of each job."""
        with suppress(MissingFileError):  # as below
            return {JobKey(name): size for name, size in self.disk.sizes(self.layout.checkpoints).items()}
        return {}

    def _names(self) -> Collection[str]:
        """Of the jobs of which something is kept."""
        with suppress(MissingFileError):  # a store that is only looked at, and older than checkpoints
            return self.disk.names(self.layout.checkpoints)
        return ()

    def _record(self, path: Path) -> JSON:
        """A record as it was written; None where there is none."""
        try:
            said = dict(records.read(self.disk.read(path)))
        except MissingFileError:
            return None
        except (records.BadRecordError, TypeError, ValueError):
            raise UnusableError("is damaged: its record is not as it was written") from None
        if said.pop("seal", None) != records.digest(records.write(said)):
            raise UnusableError("is damaged: the seal of its record is broken")
        return said


def whole_environment(device: object) -> Environment:
    """All that the bits of a training depend on: more than of a result that is whole, since two would be mixed."""
    found = environment_of(device)
    more = {"code": _code(), "tokenizers": version("tokenizers")}
    return evolve(found, versions={**found.versions, **more})


def _sealed(said: Mapping[str, JSON]) -> bytes:
    return records.write({**said, "seal": records.digest(records.write(said))})


def _is_record(name: str) -> bool:
    return name.endswith(".json") and name != RESUMED


@cache
def _code() -> str:
    """Which code this is, the language's with it, which says how long a training is: releases are not all that runs."""
    digest = blake2b(digest_size=20)
    for package in (Path(__file__).parents[1], Path(jobs.__file__).parent):
        for path in sorted(package.rglob("*.py")):
            digest.update(f"{package.name}/{path.relative_to(package)} ".encode() + path.read_bytes())
    return digest.hexdigest()[:SHORTEST]
