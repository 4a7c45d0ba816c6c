"""What a study reads and this machine has, found without asking anybody for it."""

from pathlib import Path

from attrs import frozen

from ticketlang.diagnostics import Diagnostic, MissingDataFile, MissingModelFolder
from ticketlang.study import Data, Model, Task

from ..facts import DataPlace, Root, local_folder
from ..pins import HubName, Pins


@frozen
class Absent:
    """Something is not here. Says why, in a few words."""

    reason: str


def model_at_hand(model: Model, root: Root, pins: Pins) -> Path | Absent | Diagnostic:
    """The folder of a model."""
    if model.origin == "hub":
        return _in_cache(model, pins)
    folder = local_folder(model, root)
    if isinstance(folder, Diagnostic):
        return Absent(f"package {model.name} is not installed") if model.origin == "package" else folder
    if folder.is_dir():
        return folder
    if model.origin == "folder" and not root.is_confined:
        return Absent(f"{folder} is not there")
    return MissingModelFolder(at=model.at, path=str(folder))


def data_at_hand(task: Task, root: Root, pins: Pins) -> DataPlace | Absent | Diagnostic:
    """Where the examples of a task are.

    A task without any of its files has its data elsewhere, unless `--data` says that they are here; one that lacks some
    of them is wrong.
    """
    match task.data.origin:
        case "micro":
            return DataPlace(digest="", micro=(task.data.name, task.data.world))
        case "hub":
            return _data_in_cache(task.data, pins)
    files: dict[str, Path] = {}
    for split in task.splits:
        path = root.path(task.data.name.replace("{split}", split), task.data.at)
        if isinstance(path, Diagnostic):
            return path
        files[split] = path
    missing = [path for path in files.values() if not path.is_file()]
    if not missing:
        return DataPlace(digest="", files=files)
    if len(missing) == len(set(files.values())) and not root.is_confined:
        return Absent(f"{missing[0]} is not there")
    return MissingDataFile(at=task.data.at, path=str(missing[0]), pattern=task.data.name)


def _in_cache(model: Model, pins: Pins) -> Path | Absent:
    """The folder of a hub model that was fetched before, of which the configuration may be all there is."""
    from huggingface_hub import snapshot_download

    name = HubName(kind="model", name=model.name, revision=model.revision, at=model.at)
    try:
        folder = Path(
            snapshot_download(model.name, revision=pins.commit(name) or model.revision, local_files_only=True)
        )
    except Exception:  # whatever the library makes of a cache without it
        return Absent(f"hub {model.name} is not on this machine")
    return folder if (folder / "config.json").is_file() else Absent(f"hub {model.name} was never fetched as a whole")


def _data_in_cache(data: Data, pins: Pins) -> DataPlace | Absent:
    """A hub data set that was fetched before: its folder is looked for, since to import what reads it takes seconds."""
    from huggingface_hub.constants import HF_HOME, HF_HUB_CACHE

    fetched = Path(HF_HUB_CACHE) / f"datasets--{data.name.replace('/', '--')}"
    prepared = Path(HF_HOME) / "datasets" / data.name.replace("/", "___").lower()
    if not fetched.is_dir() and not prepared.is_dir():
        return Absent(f"hub {data.name} is not on this machine")
    name = HubName(kind="dataset", name=data.name, revision=data.revision, at=data.at)
    return DataPlace(digest="", hub=(data.name, data.config, pins.commit(name) or data.revision or "main"))
