"""Which revision a hub name stands for: resolved once, and written to a lock file beside the spec.

A study that names `hub "google-bert/bert-base-uncased"` would otherwise read something else on the day its owner
uploads again. The lock file is meant to be kept and shared with the spec.
"""

import json
import re
from collections.abc import Callable, Mapping
from os import getpid
from pathlib import Path
from typing import Literal

from attrs import evolve, frozen

from ticketlang.diagnostics import Diagnostic, HubUnreachable, UnknownHubName
from ticketlang.source import Span
from ticketlang.study import Study

LOCK_FORMAT = 1
COMMIT = re.compile(r"[0-9a-f]{40}")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?", re.ASCII)

HubKind = Literal["model", "dataset"]


@frozen(kw_only=True)
class HubName:
    """Something on the hub that a spec names."""

    kind: HubKind
    name: str
    revision: str | None  # as written: a branch, a tag, a commit, or nothing
    at: Span

    @property
    def is_one(self) -> bool:
        """Whether the hub can have it; whatever looks like a path would be read from this machine instead."""
        return NAME.fullmatch(self.name) is not None and ".." not in self.name

    @property
    def entry(self) -> str:
        """Its line in the lock file."""
        return f"{self.kind} {self.name}" + (f"@{self.revision}" if self.revision else "")


@frozen
class Pins:
    """Commits of hub names, by their lines in the lock file."""

    commits: Mapping[str, str]

    def commit(self, name: HubName) -> str | None:
        """The commit that a name stands for; None: not pinned yet."""
        if name.revision and COMMIT.fullmatch(name.revision):
            return name.revision
        return self.commits.get(name.entry)


class LockFileError(Exception):
    """The lock file cannot be read, is not one of ours, or cannot be written. Says what to do."""


def lock_file_of(spec: Path) -> Path:
    return spec.with_suffix(".lock")


def read_pins(path: Path) -> Pins:
    """Read a lock file; one that is not there pins nothing.

    Raises:
        LockFileError: if it is damaged, or of another format.
    """
    if not path.exists():
        return Pins({})
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        if lock["format"] != LOCK_FORMAT:
            raise LockFileError(f"{path} has format {lock['format']}, and this program reads format {LOCK_FORMAT}")
        commits = {str(entry): str(commit) for entry, commit in lock["commits"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as problem:
        raise LockFileError(f"{path} cannot be read as a lock file ({problem}); delete it to pin anew") from None
    return Pins(commits)


def write_pins(pins: Pins, path: Path) -> None:
    """Write a lock file beside the spec, as a whole or not at all.

    Raises:
        LockFileError: the folder of the spec cannot be written to.
    """
    lock = {"format": LOCK_FORMAT, "commits": dict(sorted(pins.commits.items()))}
    staged = path.with_suffix(f".lock.{getpid()}")  # two runs of one spec may pin at once
    try:
        staged.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")
        staged.replace(path)
    except OSError as problem:
        raise LockFileError(
            f"{path} cannot be written ({problem.strerror}), and a study is pinned before it runs;"
            " put the spec into a folder of yours"
        ) from None


def hub_names(study: Study) -> tuple[HubName, ...]:
    """Everything on the hub that the study reads, each name once."""
    names: dict[str, HubName] = {}
    if study.model.origin == "hub":
        model = study.model
        name = HubName(kind="model", name=model.name, revision=model.revision, at=model.at)
        names[name.entry] = name
    for task in study.tasks.values():
        if task.data.origin == "hub":
            name = HubName(kind="dataset", name=task.data.name, revision=task.data.revision, at=task.data.at)
            names.setdefault(name.entry, name)
    return tuple(names.values())


Resolve = Callable[[HubName], str | Diagnostic]


def pin(study: Study, pins: Pins, resolve: Resolve) -> tuple[Pins, tuple[Diagnostic, ...]]:
    """Resolve what is not pinned yet. What could not be resolved is a diagnostic; the rest is pinned all the same."""
    complaints = []
    for name in hub_names(study):
        if pins.commit(name) is None:
            found = resolve(name)
            if isinstance(found, Diagnostic):
                complaints.append(found)
            else:
                pins = evolve(pins, commits={**pins.commits, name.entry: found})
    return pins, tuple(complaints)


def ask_the_hub(name: HubName) -> str | Diagnostic:
    """The commit that a hub name stands for now, or why it cannot be known."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    api = HfApi()
    try:
        if name.kind == "model":
            commit = api.model_info(name.name, revision=name.revision, timeout=20).sha
        else:
            commit = api.dataset_info(name.name, revision=name.revision, timeout=20).sha
    except (RepositoryNotFoundError, RevisionNotFoundError, ValueError):
        return UnknownHubName(at=name.at, name=name.entry.partition(" ")[2])
    except Exception as problem:  # transport errors come from whichever HTTP library the client uses, by release
        return HubUnreachable(at=name.at, name=name.name, reason=first_line(problem))
    if commit is None:
        return HubUnreachable(at=name.at, name=name.name, reason="the hub names no commit")
    return commit


def first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]
