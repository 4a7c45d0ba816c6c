"""JSON as the store writes it: one spelling for one value, so that equal results are equal files."""

import json
from hashlib import blake2b

from .certificates import JSON


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


def digest(content: bytes | memoryview) -> str:
    """The digest of a file's bytes, as `Disk.digest` gives it for one on the disk."""
    return blake2b(content, digest_size=20).hexdigest()
