"""Questions about the records of a result: its files, its key, its inputs and its certificate."""

from math import isclose

from ticketlang.jobs import inputs_in, key_of_settings

from ..masks import MASK_FILE
from ..store import JSON, Artifact
from ..store.certificates import (
    COMBINED,
    ENDS,
    EXACT,
    GIVEN,
    HEAD_REWOUND,
    HELD,
    HELD_SINCE,
    HOLES,
    HOLES_AT_ENDS,
    INVERTED,
    NESTED,
    NESTED_ON_THE_WAY,
    PRUNED_ON_THE_WAY,
    RATES,
    REMOVED,
    REWOUND,
    STEPS,
    TRAINED_ENDS,
)
from ..store.layout import HEAD, OURS, WEIGHTS
from .questions import Answer, is_of_an_earlier_release
from .shelf import Shelf, setting

TRAINED = (REWOUND, HEAD_REWOUND, EXACT, STEPS, RATES)
LATEST = frozenset({EXACT})  # checks that results of this release have not all been made with
LATER = LATEST | {HEAD_REWOUND, NESTED_ON_THE_WAY, TRAINED_ENDS}  # checks that the first release did not make


def files(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether every file is there, with the bytes that were written."""
    there = shelf.store.disk.names(artifact.folder)
    wrong = [sentence.partition(": ")[2] for sentence in artifact.verify()]
    if not wrong:
        strangers = sorted(there.keys() - {*artifact.files, *OURS})
        wrong = [f"holds `{name}`, which is not part of it" for name in strangers]
        wrong += [f"lacks `{name}`, which such a job leaves" for name in _left_by(artifact, shelf) - {*artifact.files}]
    return Answer(max(len(there), len(wrong)), tuple(wrong))


def _left_by(artifact: Artifact, shelf: Shelf) -> set[str]:
    """The tensors without which a job of this kind is not done; weights of trainings may be dropped."""
    if shelf.is_mask(artifact):
        return {MASK_FILE}
    return {WEIGHTS, HEAD} if setting(artifact, "kind") == "rewind-point" else set()


def keys(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether a result lies under the key of the settings beside it."""
    found = key_of_settings(artifact.settings)
    return Answer(1, () if found == artifact.key else (f"lies under another key than its settings have, {found}",))


def inputs(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether everything that a result was made from is in the store, too."""
    named = inputs_in(artifact.settings)
    wrong = tuple(
        f"says that its {field} is {key}, and there is no such result"
        for field, key in named.items()
        if key not in shelf.there
    )
    return Answer(len(named), wrong)


def certificates(artifact: Artifact, shelf: Shelf) -> Answer:
    """Whether every check found what it expected, then as now."""
    checks = artifact.certificate.checks
    if not checks:
        return Answer(1, ("has a certificate without a check",))
    made = {check.name for check in checks}
    old = LATER if is_of_an_earlier_release(artifact) else LATEST
    required = _required(artifact)
    lacking = [name for name in required if name not in {*made, *old}]
    let_off = [name for name in required if name in old and name not in made]
    wrong = (
        *(
            f"has a check that does not hold: {check.name}; expected {check.expected}, found {check.found}"
            for check in checks
            if not check.holds or not _agree(check.expected, check.found)
        ),
        *(f"has a certificate without the check that {name}" for name in lacking),
    )
    return Answer(len(checks) + len(lacking), wrong, len(let_off))


def _required(artifact: Artifact) -> tuple[str, ...]:
    """The checks without which a job of this kind is not done."""
    is_masked = setting(artifact, "mask") is not None
    match setting(artifact, "kind"):
        case "fine-tune" if setting(artifact, "gradually") is not None:
            return *TRAINED, PRUNED_ON_THE_WAY, NESTED_ON_THE_WAY, HELD_SINCE, HOLES
        case "fine-tune":
            return *TRAINED, *((HELD, HOLES) if is_masked else ())
        case "rewind-point":
            return TRAINED
        case "prune":
            return REMOVED, NESTED
        case "draw-mask":
            return (REMOVED,)
        case "given-mask":
            return (GIVEN,)
        case "combine-masks":
            return (INVERTED if setting(artifact, "operation") == "inverted" else COMBINED,)
        case "interpolate":
            is_at_its_end = setting(artifact, "task", "best_on") is None
            return TRAINED_ENDS, *((ENDS,) if is_at_its_end else ()), *((HOLES_AT_ENDS,) if is_masked else ())
    raise ValueError(f"no kind of job is called {setting(artifact, 'kind')}")


def _agree(expected: JSON, found: JSON) -> bool:
    """Whether a check that holds says the same twice; scores that were measured anew may differ by a point."""
    if expected == found:
        return True
    if not (isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found)):
        return False
    numbers = all(isinstance(value, int | float) for value in (*expected, *found))
    return numbers and all(isclose(a, b, abs_tol=0.01) for a, b in zip(expected, found, strict=True))
