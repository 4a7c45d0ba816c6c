"""Where jobs are done: the device, the way to models and data, and what jobs of one process share."""

import atexit
import os
import re
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import torch
from attrs import define, field
from torch.utils import deterministic

from ticketlang.jobs import JobKey, canonical
from ticketlang.study import Task

from .digests import digest_of
from .failures import JobFailed, NoSuchDevice
from .implementations import task_kind
from .keeping import Keepers
from .models import trunk
from .tasks.encoding import load_tokenizer
from .tasks.kept import kept
from .tasks.prepared import Materials, Prepared, encoding
from .tasks.reading import read_as

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from .facts import Places
    from .progress import Listener
    from .schedulers.interruption import Stop
    from .store.checkpoints import Checkpoints

DEVICES = re.compile(r"cpu|cuda(:\d+)?")


@define(eq=False)
class Workshop:
    """Passed to every job, never global."""

    places: "Places"
    listener: "Listener"
    device: torch.device
    cache: Path  # a folder for files that can be made again
    _models: dict[str, trunk.Pretrained] = field(factory=dict)
    _tokenizers: "dict[str, PreTrainedTokenizerBase]" = field(factory=dict)
    _prepared: dict[tuple[object, ...], Prepared] = field(factory=dict)
    _noticed: set[str] = field(factory=set)
    keepers: Keepers = field(init=False)  # of what jobs have come to

    @classmethod
    def open(
        cls,
        places: "Places",
        listener: "Listener",
        device: str = "auto",
        cache: Path | None = None,
        threads: int | None = None,
        checkpoints: "Checkpoints | None" = None,
    ) -> "Workshop":
        """Choose a device, and make its arithmetic exact and repeatable.

        Args:
            device: `cpu`, `cuda`, `cuda:1`; `auto` takes CUDA where there is one.
            cache: a folder for files that can be made again; None: one that goes when this process ends.
            threads: that compute; None: as torch decides. The last digits of results depend on it.
            checkpoints: where jobs keep how far they have come, and how often; None: they do not.

        Raises:
            NoSuchDevice: for a device that is not there.
        """
        make_exact()
        if threads is not None:
            torch.set_num_threads(threads)
        if cache is None:
            cache = Path(mkdtemp(prefix="ticketlang-"))
            atexit.register(rmtree, cache, ignore_errors=True)
        chosen = _device(device)
        if chosen.type == "cuda":  # what names no device is for this one: streams, pinned memory, recordings
            torch.cuda.set_device(chosen)
        workshop = cls(places, listener, chosen, cache)
        workshop.keepers.checkpoints = checkpoints
        return workshop

    def __attrs_post_init__(self) -> None:
        self.keepers = Keepers(None, self.listener, self.device)

    def listen_to(self, stop: "Stop") -> None:
        """Whether a signal came is said there."""
        self.keepers.stop = stop

    def model(self, digest: str) -> trunk.Pretrained:
        """The pre-trained model, loaded once."""
        folder = self.places.model(digest)  # refuses files that changed, before every job
        if digest not in self._models:
            self._models[digest] = trunk.load(folder)
        return self._models[digest]

    def examples(self, task: Task, model: str, data: str, subset_seed: int) -> Prepared:
        """The examples of a task as the model's tokenizer sees them.

        Args:
            model, data: their digests, which tell one version from another.
        """
        is_limited = task.limit is not None or task.limit_evaluation is not None
        asked = (read_as(task), model, data, subset_seed if is_limited else None)
        if asked not in self._prepared:
            self.places.data(task.name)  # refuses files that changed since the plan was made
            path = self.cache / "examples" / _name_of(*asked)
            self._prepared[asked] = kept(path, lambda: self._prepare(task, model, subset_seed))
        return self._prepared[asked]

    def notice_once(self, key: JobKey, text: str) -> None:
        """Tell the listener what people should know, unless an earlier job said the same."""
        if text not in self._noticed:
            self._noticed.add(text)
            self.listener.noticed(key, text)

    def _prepare(self, task: Task, model: str, subset_seed: int) -> Prepared:
        longest = self.model(model).description.max_tokens
        if task.length > longest:
            raise JobFailed(
                f"the task `{task.name}` has a length of {task.length} tokens, and the model takes {longest} at most;"
                f" say `length {longest} tokens`"
            )
        if model not in self._tokenizers:
            self._tokenizers[model] = load_tokenizer(self.places.model(model))
        tokenizer = self._tokenizers[model]
        _refuse_no_room(task, tokenizer)
        materials = Materials(
            place=self.places.data(task.name),
            tokenizer=tokenizer,
            model=model,
            subset_seed=subset_seed,
            cache=self.cache,
        )
        prepared = task_kind(task.kind).prepare(task, materials)
        self.places.data(task.name)  # refuses files that changed while they were read
        return prepared


def _name_of(task: Task, *others: object) -> str:
    """Of the file of some examples: by all that decides them, the tokenizer's program included."""
    return digest_of([*encoding(), canonical(task), *others])


def _refuse_no_room(task: Task, tokenizer: "PreTrainedTokenizerBase") -> None:
    """Refuse lengths without a token of each text: tokenizers leave inputs whole that they cannot cut that far."""
    texts = len(task.text)
    least = tokenizer.num_special_tokens_to_add(pair=texts > 1) + texts
    if task.length < least:
        raise JobFailed(
            f"the task `{task.name}` has a length of {task.length} tokens, and with those that frame an input it takes"
            f" {least} to see anything of it; say `length {least} tokens` at least"
        )


def make_exact() -> None:
    """True fp32 products, and the same bits from the same work."""
    torch.set_float32_matmul_precision("highest")  # no TF32, no bf16 inside of fp32 products
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False  # products of bf16 are summed in fp32
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may add up in any order
    torch.use_deterministic_algorithms(True)
    # Nothing here reads uninitialized memory, and filling it costs time.
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # made when torch is imported
    # Adam's moments of words that are no longer seen shrink below the smallest normal number, where processors crawl.
    torch.set_flush_denormal(True)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in {"cpu", "cuda"}:
        raise NoSuchDevice(f"`{name}` is no device to compute on: `cpu`, `cuda` and `cuda:1` are")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise NoSuchDevice(f"`{name}` is not there: this machine has {torch.cuda.device_count()} CUDA devices")
    return device
