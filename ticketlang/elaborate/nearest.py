"""The name that was probably meant."""

from collections.abc import Iterable

from ..vocabulary.words import SYNONYMS

LONGEST = 60  # characters that are compared: comparing takes the product of both lengths


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a word stands for elsewhere, or the one that looks most like it, or None."""
    from difflib import get_close_matches

    names = list(known)
    if (synonym := SYNONYMS.get(name.lower())) in names:
        return synonym
    by_lower = {candidate.lower(): candidate for candidate in names}
    close = get_close_matches(name[:LONGEST].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
