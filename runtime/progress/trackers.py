"""Experiment trackers by name, each of a package that is installed or not."""

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import define

from ..failures import NoTracker
from .tracking import Tracked, Tracker

STRANGE = re.compile(r"[^\w@%=.,+\[\] -]")  # in a name of a folder


@define
class TensorBoard:
    """Event files, a folder for each training: `tensorboard --logdir FOLDER` shows them."""

    folder: Path

    def take(self, run: Tracked) -> None:
        writer = import_module("tensorboard.summary").Writer(str(self.folder / run.study / place_of(run.name)))
        for step, loss in run.curve:
            writer.add_scalar("loss", loss, step)
        last = run.curve[-1][0] if run.curve else 0
        for metric, score in run.scores.items():
            writer.add_scalar(metric, score, last)
        writer.close()

    def close(self) -> None:
        """Every training has closed its own file."""


@define
class Service:
    """Weights & Biases, or Trackio, which has its interface. Where runs go is said by the package's own settings."""

    package: str
    options: Mapping[str, Any]

    def take(self, run: Tracked) -> None:
        module: Any = import_module(self.package)
        config = {**run.settings, "key": run.key}
        module.init(project=run.study, name=run.name, group=run.group, config=config, **self.options)
        for step, loss in run.curve:
            module.log({"loss": loss}, step=step)
        if run.scores:
            module.log(dict(run.scores), step=run.curve[-1][0] if run.curve else 0)
        module.finish()

    def close(self) -> None:
        """Every training was a run of its own, and is over."""


def place_of(name: str) -> Path:
    """Folders for a name of a cell, `imp/mlm@70%/sst2/seed=1`, that lie where they are put."""
    parts = (STRANGE.sub("_", part).strip(". ") or "_" for part in name.split("/"))
    return Path(*parts)


TRACKERS: dict[str, tuple[str, Callable[[Path], Tracker]]] = {  # by name: the package, and what speaks to it
    "tensorboard": ("tensorboard", TensorBoard),
    "wandb": ("wandb", lambda folder: Service("wandb", {"dir": str(folder), "settings": {"silent": True}})),
    "trackio": ("trackio", lambda folder: Service("trackio", {})),
}


def tracker(name: str, folder: Path) -> Callable[[], Tracker]:
    """What opens a tracker.

    Args:
        folder: where it may keep files.

    Raises:
        NoTracker: its package is not installed.
    """
    package, made = TRACKERS[name]
    if find_spec(package) is None:
        raise NoTracker(f"`{package}` is not installed; `pip install {package}` does it")

    def opened() -> Tracker:
        folder.mkdir(parents=True, exist_ok=True)
        return made(folder)

    return opened
