"""JSON as the store writes it: one spelling for one value, so that equal results are equal files."""

import json
from hashlib import blake2b

from .certificates import JSON

SEALED = "# As it was run. Digest: "


class BadRecordError(ValueError):
    """These bytes are not what the store writes."""


def write(value: JSON) -> bytes:
    """A value's one spelling. Numbers that are not finite have none: a result with one is a job's mistake."""
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read(content: bytes) -> JSON:
    """The value of `write(value)`; a record of any other spelling was damaged.

    Raises:
        BadRecordError: the bytes are no such spelling.
    """
    try:
        value = json.loads(content)
        is_as_written = write(value) == content  # a number that is not finite has no spelling
    except (ValueError, RecursionError) as problem:
        raise BadRecordError(str(problem)) from None
    if not is_as_written:
        raise BadRecordError("it is not spelt as it was written")
    return value


def write_text(text: str) -> bytes:
    """A text under a line with its digest, which is a comment in specs."""
    return f"{SEALED}{digest(text.encode())}\n{text}".encode()


def read_text(content: bytes) -> str:
    """The text of `write_text(text)`.

    Raises:
        BadRecordError: it is not the text that was written.
    """
    try:
        said = content.decode()
    except UnicodeDecodeError as problem:
        raise BadRecordError(str(problem)) from None
    first, _, text = said.partition("\n")
    if first != f"{SEALED}{digest(text.encode())}":
        raise BadRecordError("it is not the text of the digest above it")
    return text


def digest(content: bytes | memoryview) -> str:
    """The digest of a file's bytes, as `Disk.digest` gives it for one on the disk."""
    return blake2b(content, digest_size=20).hexdigest()
