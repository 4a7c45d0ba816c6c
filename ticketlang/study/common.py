"""What values of a study have in common: places in the spec, and fields that stay out of keys."""

from collections.abc import Mapping

from ..source import Span

# Fields of a value that cannot change a result: they stay out of the keys of jobs.
OUTSIDE_KEY = {"key": False}

Places = Mapping[str, Span]  # field -> where it was written; fields that come from elsewhere are absent
