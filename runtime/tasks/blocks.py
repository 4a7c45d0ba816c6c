"""A corpus as blocks of tokens in a file that is mapped into memory: made once, whatever reads it.

The texts follow one another without anything between them, and a block ends where it is full, as in the corpora that
BERT was trained on since. What is left at the end and fills no block is left out.
"""

import atexit
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b, file_digest
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from ..failures import JobFailed

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Int = NDArray[np.int64]

SEAL = ".seal"  # the suffix of the file that holds a digest of the other

AT_ONCE = 1 << 22  # characters that are split into tokens together

# Shapes: N blocks, T tokens of each


@frozen(eq=False)
class Vocabulary:
    """What is to be known of a tokenizer where words are hidden."""

    is_word: NDArray[np.bool_]  # (V), by id; False for tokens that are part of no text
    mask: int  # the id that hides one
    first: int  # the id that opens an input
    last: int  # the id that closes one
    words: Int = field(init=False)  # every id that is one

    @words.default
    def _every_word(self) -> Int:
        return np.flatnonzero(self.is_word)

    @classmethod
    def of(cls, tokenizer: "PreTrainedTokenizerBase") -> "Vocabulary":
        """Raises JobFailed for a tokenizer that hides no words, or frames inputs in a way of its own."""
        frame = tokenizer("")["input_ids"]
        if tokenizer.mask_token_id is None or len(frame) != 2:
            raise JobFailed("this model's tokenizer has no token that hides a word, or none that frame an input")
        is_word = np.ones(len(tokenizer), dtype=np.bool_)
        is_word[tokenizer.all_special_ids] = False
        return cls(is_word, int(tokenizer.mask_token_id), *map(int, frame))


@cache
def spare_folder() -> Path:
    """A folder for blocks that the cache does not take; it goes when this process ends."""
    folder = Path(mkdtemp(prefix="ticketlang-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder


def blocks_in(path: Path, length: int, words: int) -> NDArray[Any]:
    """The blocks (N, T) of a file, mapped into memory."""
    size = path.stat().st_size // np.dtype(_kind(words)).itemsize
    return np.memmap(path, dtype=_kind(words), mode="r", shape=(size // length, length))


def write_blocks(path: Path, texts: Iterable[str], tokenizer: "PreTrainedTokenizerBase", length: int) -> None:
    """Write the blocks of a corpus, all of them or none, and beside them the seal that tells whether they are whole.

    Raises:
        JobFailed: if it fills no block.
    """
    staged = path.with_name(f"{path.name}.{uuid4().hex}")
    staged_seal = path.with_name(f"{staged.name}{SEAL}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with staged.open("wb") as file:
            for blocks in _blocks(texts, tokenizer, length):
                blocks.astype(_kind(len(tokenizer))).tofile(file)
        if not staged.stat().st_size:
            raise JobFailed(f"a part of the corpus fills no block of {length} tokens; say a shorter `length`")
        staged_seal.write_text(_seal(staged))
        staged_seal.replace(path.with_suffix(SEAL))
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
        staged_seal.unlink(missing_ok=True)


def are_whole(path: Path) -> bool:
    """Whether the blocks of a file are there, and are those that were written: all of it is read."""
    try:
        return path.with_suffix(SEAL).read_text() == _seal(path)
    except (OSError, UnicodeDecodeError):
        return False


def _seal(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, blake2b).hexdigest()


def _blocks(texts: Iterable[str], tokenizer: "PreTrainedTokenizerBase", length: int) -> Iterator[Int]:
    """Blocks (n, T), framed, a few at a time. One without any word is left out: there is nothing in it to hide."""
    vocabulary = Vocabulary.of(tokenizer)
    inside = length - 2
    left = np.empty(0, dtype=np.int64)
    for some in _together(texts):
        ids = tokenizer(some, add_special_tokens=False, return_attention_mask=False,
                        return_token_type_ids=False, verbose=False)["input_ids"]  # fmt: skip
        tokens = np.concatenate([left, *(np.array(one, dtype=np.int64) for one in ids)])
        whole = len(tokens) // inside * inside
        blocks, left = tokens[:whole].reshape(-1, inside), tokens[whole:]
        blocks = blocks[vocabulary.is_word[blocks].any(axis=1)]
        yield np.pad(blocks, ((0, 0), (1, 1)), constant_values=((0, 0), (vocabulary.first, vocabulary.last)))


def _together(texts: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for text in texts:
        some.append(text)
        size += len(text)
        if size >= AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _kind(words: int) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if words <= 1 << 16 else np.uint32
