"""What a study reads, found at the edge: where its files lie, and digests of them.

Paths never enter a key; digests do.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from attrs import Factory, evolve, frozen

from ticketlang.diagnostics import (
    Diagnostic,
    HeadNotInModel,
    HubUnreachable,
    LongerThanModel,
    MissingDataFile,
    MissingMaskFile,
    MissingModelFolder,
    MissingPackage,
    ModelWithoutTokenizer,
    ModelWithoutWeights,
    OutsideRoot,
    ScopeNotInModel,
    SharedLayers,
    UnknownHubName,
    UnreadableModelFolder,
    UnsupportedModel,
)
from ticketlang.plan import DataFacts, Facts
from ticketlang.source import Span
from ticketlang.study import Model, Study, Task

from . import micro
from .digests import Digests, digest_of
from .failures import FilesChanged
from .families import FAMILIES
from .models.description import UnreadableModel, describe_model
from .pins import HubName, Pins, first_line

# The files of a model folder that decide what it computes; a changed README changes nothing.
MODEL_FILES = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin", "pytorch_model.bin.index.json",
               "config.json", "tokenizer*", "vocab.*", "merges.txt", "special_tokens_map.json", "added_tokens.json",
               "*.model")  # fmt: skip


@frozen(kw_only=True)
class DataPlace:
    """Where the examples of a task are: local files by split, a hub name at a commit, or a text of a built-in world."""

    digest: str
    files: Mapping[str, Path] | None = None
    hub: tuple[str, str | None, str] | None = None  # name, config, commit
    micro: tuple[str, int] | None = None  # text of the built-in world, seed of the world


@frozen(kw_only=True)
class Places:
    """Where this machine has what the study reads."""

    model_folder: Path | None = None
    model_hub: tuple[str, str] | None = None  # name, commit: to be fetched
    tasks: Mapping[str, DataPlace] = Factory(dict)
    masks: Mapping[str, Path] = Factory(dict)  # by digest
    digests: Digests | None = None  # with them, files that changed since they were found are refused

    def model(self, digest: str) -> Path:
        """The folder of the model. The digest says which; a study has one.

        Raises:
            FilesChanged: its files are no longer those of the digest.
        """
        if self.model_folder is None:
            raise ValueError(f"the model {digest} was not fetched")
        if self.digests and not self.model_hub and model_digest(self.model_folder, self.digests) != digest:
            raise FilesChanged(self.model_folder)
        return self.model_folder

    def mask(self, digest: str) -> Path:
        """The file of a mask that a study starts from.

        Raises:
            FilesChanged: it is no longer the one of the digest.
        """
        path = self.masks[digest]
        if self.digests and self.digests.of(path) != digest:
            raise FilesChanged(path.parent)
        return path

    def data(self, task: str) -> DataPlace:
        """Where the examples of a task are.

        Raises:
            FilesChanged: the files are no longer those whose digest is in the keys of the jobs.
        """
        place = self.tasks[task]
        if self.digests and place.files and data_digest(place.files, self.digests) != place.digest:
            raise FilesChanged(next(iter(place.files.values())).parent)
        return place


@frozen(kw_only=True)
class Gathered:
    """Everything found about what a study reads."""

    facts: Facts | None  # None only with diagnostics that are errors
    places: Places
    diagnostics: tuple[Diagnostic, ...] = ()
    unpinned: tuple[str, ...] = ()  # hub names whose commit is not known yet


@frozen(kw_only=True)
class Root:
    """Where a spec's relative paths begin."""

    folder: Path
    is_confined: bool  # with `--data DIR`: nothing outside DIR is read

    def path(self, name: str, at: Span) -> Path | OutsideRoot:
        path = self.folder / name
        if self.is_confined and not path.resolve().is_relative_to(self.folder.resolve()):
            return OutsideRoot(at=at, path=name, root=str(self.folder))
        return path

    def leads_out(self, folder: Path) -> Path | None:
        """The first file of a model folder that is a link to the outside, where nothing there is to be read."""
        files = sorted({path for pattern in MODEL_FILES for path in folder.glob(pattern)}) if self.is_confined else ()
        inside = self.folder.resolve()
        return next((path for path in files if not path.resolve().is_relative_to(inside)), None)


def gather(study: Study, root: Root, pins: Pins, digests: Digests, fetched_model: Path | None = None) -> Gathered:
    """Find what the study reads, without torch and without the network.

    Args:
        fetched_model: the local folder of a hub model, once it is fetched.
    """
    complaints: list[Diagnostic] = []
    unpinned: list[str] = []
    model, places = _find_model(study, root, pins, digests, complaints, unpinned, fetched_model)
    tasks: dict[str, DataPlace] = {}
    for task in study.tasks.values():
        place = _find_data(task, root, pins, digests, unpinned)
        if isinstance(place, Diagnostic):
            complaints.append(place)
        else:
            tasks[task.name] = place
    masks = _find_masks(study, root, digests, complaints)
    facts = None
    if not complaints:
        facts = Facts(
            model=model,
            model_pinned=not model.startswith("unpinned:"),
            data={
                name: DataFacts(digest=place.digest, pinned=not place.digest.startswith("unpinned:"))
                for name, place in tasks.items()
            },
            masks=masks,
        )
    return Gathered(
        facts=facts,
        places=evolve(
            places,
            tasks=tasks,
            masks={digest: root.folder / name for name, digest in masks.items()},
            digests=digests,
        ),
        diagnostics=tuple(complaints),
        unpinned=tuple(dict.fromkeys(unpinned)),
    )


def _find_model(
    study: Study,
    root: Root,
    pins: Pins,
    digests: Digests,
    complaints: list[Diagnostic],
    unpinned: list[str],
    fetched: Path | None,
) -> tuple[str, Places]:
    model = study.model
    if model.origin == "hub":
        name = HubName(kind="model", name=model.name, revision=model.revision, at=model.at)
        if not name.is_one:
            complaints.append(UnknownHubName(at=model.at, name=model.name))
            return "", Places()
        commit = pins.commit(name)
        if commit is None:
            unpinned.append(model.name)
            return f"unpinned:{name.entry}", Places()
        if fetched is not None:
            complaints.extend(model_complaints(study, fetched))
        return f"hub:{model.name}@{commit}", Places(model_folder=fetched, model_hub=(model.name, commit))
    folder = local_folder(model, root)
    if isinstance(folder, Diagnostic):
        complaints.append(folder)
        return "", Places()
    if not folder.is_dir():
        complaints.append(MissingModelFolder(at=model.at, path=str(folder)))
        return "", Places()
    if model.origin == "folder" and (outside := root.leads_out(folder)) is not None:
        complaints.append(OutsideRoot(at=model.at, path=str(outside), root=str(root.folder)))
        return "", Places()
    found = tuple(model_complaints(study, folder))
    complaints.extend(found)
    return ("" if found else model_digest(folder, digests)), Places(model_folder=folder)


def local_folder(model: Model, root: Root) -> Path | Diagnostic:
    """Where a model is that does not come from the hub."""
    match model.origin:
        case "micro":
            return micro.MODEL
        case "package":
            return _package_folder(model)
    return root.path(model.name, model.at)


def _package_folder(model: Model) -> Path | Diagnostic:
    """A folder inside an installed package, found without importing it."""
    try:
        spec = find_spec(model.name) if "." not in model.name else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        return MissingPackage(at=model.at, name=model.name)
    package = Path(next(iter(spec.submodule_search_locations)))
    if not (package / model.path).resolve().is_relative_to(package.resolve()):
        return UnreadableModelFolder(
            at=model.at, path=model.path, reason=f"it lies outside of the package {model.name}"
        )
    return package / model.path


def model_digest(folder: Path, digests: Digests) -> str:
    """A digest of the files of a model folder that decide what it computes."""
    files = sorted({path for pattern in MODEL_FILES for path in folder.glob(pattern) if path.is_file()})
    return digest_of([(path.name, digests.of(path)) for path in files])


def data_digest(files: Mapping[str, Path], digests: Digests) -> str:
    """A digest of the files of a task: their content, by split, and how they are to be read."""
    return digest_of([(split, path.suffix, digests.of(path)) for split, path in files.items()])


def model_complaints(study: Study, folder: Path) -> Iterator[Diagnostic]:
    """What a study asks of its model that the folder does not hold."""
    at = study.model.at
    try:
        model = describe_model(folder)
    except UnreadableModel as problem:
        yield UnreadableModelFolder(at=at, path=str(folder), reason=str(problem))
        return
    if not model.is_supported:
        yield UnsupportedModel(at=at, model_type=model.model_type, known=", ".join(FAMILIES))
        return
    if model.family.shares_layers:
        yield from _asking_for_layers(study)
    if not model.has_weights:
        yield ModelWithoutWeights(at=at, path=str(folder))
    if not model.has_tokenizer:
        yield ModelWithoutTokenizer(at=at, path=str(folder))
    for task in study.tasks.values():
        if task.length > model.max_tokens:
            place = task.places.get("length", task.at)
            yield LongerThanModel(at=place, length=task.length, longest=model.max_tokens)
    if model.has_weights and not model.has_masked_words_head:
        yield from _missing_heads(study)
    if model.has_weights and not model.has_pooler:
        for ticket in study.tickets:
            if "pooler" in ticket.pruning.scope:
                yield ScopeNotInModel(at=ticket.at, scope="pooler", model=study.model.name)
                return


def _asking_for_layers(study: Study) -> Iterator[Diagnostic]:
    """What of a study means nothing where layers are shared."""
    for ticket in study.tickets:
        if ticket.pruning.method == "synflow":
            yield SharedLayers(at=ticket.places.get("prune", ticket.at), what="`synflow`", model=study.model.name)
            break
    for arm in study.baselines:
        if arm.weights == "shuffled layers":
            yield SharedLayers(at=arm.at, what=f"`{arm.name}`", model=study.model.name)
            break


def _missing_heads(study: Study) -> Iterator[Diagnostic]:
    """One complaint where the head that the model lacks is asked for first."""
    asked = [task.places.get("head", task.at) for task in study.tasks.values() if task.head == "pretrained"]
    for ticket in study.tickets:
        if "pretrained" in {ticket.search_head, ticket.transfer_head}:
            where = "search_head" if ticket.search_head == "pretrained" else "transfer_head"
            asked.append(ticket.places.get(where, ticket.at))
    for at in asked[:1]:
        yield HeadNotInModel(at=at, model=study.model.name)


def _find_masks(study: Study, root: Root, digests: Digests, complaints: list[Diagnostic]) -> dict[str, str]:
    """Digests of the mask files of a study, by their names in it."""
    found: dict[str, str] = {}
    for given in dict.fromkeys(ticket.given for ticket in study.tickets if ticket.given is not None):
        path = root.path(given.name, given.at)
        if isinstance(path, Diagnostic):
            complaints.append(path)
        elif not path.is_file():
            complaints.append(MissingMaskFile(at=given.at, path=str(path)))
        else:
            found[given.name] = digests.of(path)
    return found


def _find_data(task: Task, root: Root, pins: Pins, digests: Digests, unpinned: list[str]) -> DataPlace | Diagnostic:
    data = task.data
    if data.origin == "hub":
        name = HubName(kind="dataset", name=data.name, revision=data.revision, at=data.at)
        if not name.is_one:
            return UnknownHubName(at=data.at, name=data.name)
        commit = pins.commit(name)
        if commit is None:
            unpinned.append(data.name)
            return DataPlace(digest=f"unpinned:{name.entry} {data.config or ''}")
        return DataPlace(digest=f"hub:{data.name}:{data.config or ''}@{commit}", hub=(data.name, data.config, commit))
    if data.origin == "micro":
        return DataPlace(digest=micro.digest(data.name, data.world), micro=(data.name, data.world))
    files: dict[str, Path] = {}
    for split in task.splits:
        path = root.path(data.name.replace("{split}", split), data.at)
        if isinstance(path, Diagnostic):
            return path
        if not path.is_file():
            return MissingDataFile(at=data.at, path=str(path), pattern=data.name)
        files[split] = path
    return DataPlace(digest=data_digest(files, digests), files=files)


def fetch_model(places: Places, at: Span, *, is_offline: bool = False) -> Path | HubUnreachable:
    """Bring a hub model to this machine: configuration, tokenizer and weights, at the pinned commit.

    Args:
        is_offline: look for what was fetched before, and ask nobody.
    """
    from huggingface_hub import snapshot_download

    if places.model_hub is None:
        raise ValueError("only a hub model is fetched")
    name, commit = places.model_hub
    try:
        patterns = list(MODEL_FILES)
        return Path(snapshot_download(name, revision=commit, allow_patterns=patterns, local_files_only=is_offline))
    except Exception as problem:  # transport errors come from whichever HTTP library the client uses, by release
        return HubUnreachable(at=at, name=name, reason=first_line(problem))
