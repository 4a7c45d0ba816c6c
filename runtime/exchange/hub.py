"""Tickets on the Hugging Face hub: a folder sent there, and fetched from there."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from ..failures import ExchangeError, UnwritableError
from ..pins import first_line

# What a ticket is made of. Code and pickles of others stay where they are, but for masks in the released layout, which
# are read without running anything that is in them.
WANTED = ("*.safetensors", "*.json", "*.txt", "*.md", "*.model", "mask.pt")

Done = TypeVar("Done")


def push(folder: Path, repository: str, cell: str, *, is_private: bool = False) -> str:
    """Send a folder to the hub as one commit, to a repository that is made if need be. Returns its address.

    The hub's own settings say where it is and who asks: `hf auth login`, HF_TOKEN, HF_ENDPOINT.

    Raises:
        ExchangeError: the hub refuses, or cannot be reached.
    """
    from huggingface_hub import HfApi

    def send() -> str:
        hub = HfApi()
        where = hub.create_repo(repository, private=is_private, exist_ok=True)
        hub.upload_folder(
            repo_id=where.repo_id, folder_path=folder, commit_message=f"Export {cell}", delete_patterns=list(WANTED)
        )  # what an earlier ticket left there
        return str(where.url)

    return _asking(repository, send)


def pull(repository: str, revision: str | None, to: Path) -> tuple[Path, ...]:
    """Fetch a ticket into a folder, which is made if need be. Nothing there is overwritten. Returns its files.

    Raises:
        ExchangeError: the hub has no such ticket or cannot be reached, or files are in the way.
        UnwritableError: the disk refuses.
    """
    from huggingface_hub import HfApi

    try:
        to.mkdir(parents=True, exist_ok=True)
        if there := sorted(path.name for path in to.iterdir()):
            raise ExchangeError(f"{to} is not empty: it holds `{there[0]}`; choose another folder with --to")
    except (FileExistsError, NotADirectoryError):
        raise ExchangeError(f"{to} is a file, or lies in one; choose another folder with --to") from None
    except OSError as problem:
        raise UnwritableError(f"{to} cannot be written to: {problem.strerror}") from None
    hub = HfApi()
    commit = _asking(repository, lambda: hub.model_info(repository, revision=revision).sha)
    names = _asking(repository, lambda: hub.list_repo_files(repository, revision=commit))
    wanted = sorted(name for name in names if "/" not in name and any(map(Path(name).match, WANTED)))
    if not any(Path(name).suffix in {".safetensors", ".pt"} for name in wanted):
        raise ExchangeError(f"`{repository}` on the hub holds no ticket: no safetensors file, and no mask.pt")
    try:
        with TemporaryDirectory(dir=to.parent, prefix=f".{to.name[:50]}.") as folder:  # so that half of it is nowhere
            for name in wanted:
                _asking(repository, partial(hub.hf_hub_download, repository, name, revision=commit, local_dir=folder))
            for name in wanted:
                (Path(folder) / name).rename(to / name)
    except OSError as problem:
        raise UnwritableError(f"{to} cannot be written to: {problem.strerror}") from None
    return tuple(to / name for name in wanted)


def _asking(repository: str, ask: Callable[[], Done]) -> Done:
    """Ask the hub, whose refusals are many classes, for something; what it refuses is a sentence to us."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        return ask()
    except HFValidationError:
        raise ExchangeError(f"`{repository}` is no name that the hub knows; write `owner/name`") from None
    except OfflineModeIsEnabled:
        raise ExchangeError("HF_HUB_OFFLINE is set: the hub is not asked for anything") from None
    except HfHubHTTPError as problem:
        said = problem.server_message or first_line(problem)
        raise ExchangeError(f"the hub refuses `{repository}`: {said}") from None
    except Exception as problem:  # transport errors come from whichever HTTP library the client uses, by release
        raise ExchangeError(f"the hub cannot be asked for `{repository}`: {first_line(problem)}") from None
