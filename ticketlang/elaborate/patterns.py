"""Which cells somebody speaks of: `imp from mlm at 70%`, in claims and beside published numbers."""

from collections.abc import Mapping

from attrs import define, field

from .. import diagnostics
from ..source import Span
from ..study import Arm, ArmPattern
from ..units import Sparsity
from .complaints import Misread
from .modules import Module
from .nearest import nearest
from .phrases import Name, Reader
from .quantities import nearest_level
from .tasks import Tasks


@define(eq=False, repr=False)
class Names:
    """What may be spoken of."""

    levels: Mapping[str, tuple[Sparsity, ...]]  # of each ticket block; empty where it was not understood
    baselines: Mapping[str, Arm | None]
    module: Module
    tasks: Tasks
    has_nameless: bool = False  # there is a ticket whose name was not understood

    def levels_of(self, arm: str) -> tuple[Sparsity, ...]:
        """Levels at which an arm is run; a baseline is run wherever a ticket is."""
        if arm in self.levels:
            return self.levels[arm]
        return tuple(level for levels in self.levels.values() for level in levels)

    def is_run(self, arm: str) -> bool:
        return arm in self.levels or arm in self.baselines

    def unknown(self, arm: Name) -> Misread:
        known = (*self.levels, *self.module.names("arm"))  # not `baselines`: a slip there names nothing
        guess = nearest(arm.text, known)
        if self.has_nameless or self.module.may_lack(arm.text, guess):
            return Misread()
        return Misread(diagnostics.UnknownArm(at=arm.at, name=arm.text, nearest=guess))


@define(eq=False, repr=False)
class Patterns:
    """Reads patterns from a phrase, and keeps where their parts were written."""

    phrase: Reader
    names: Names
    places: dict[str, Span] = field(factory=dict)  # "left", "left from", "left at", and the same of other sides

    def take(self, side: str, *, may_idle: bool = False) -> ArmPattern:
        """The next pattern.

        Args:
            side: what its places are called after.
            may_idle: whether it may speak of a known arm that the study does not run.
        """
        arm = self.phrase.take_name("the name of a ticket or a baseline")
        if not self.names.is_run(arm.text):
            if self.names.module.find("arm", arm.text) is None:
                raise self.names.unknown(arm)
            if not may_idle:
                raise Misread(diagnostics.ArmNotRun(at=arm.at, name=arm.text))
        self.places[side] = arm.at
        source = self._source(side) if self.phrase.takes("from") else None
        level = self._level(side, arm.text) if self.phrase.takes("at") else None
        return ArmPattern(arm=arm.text, source=source, level=level)

    def _source(self, side: str) -> str:
        """A task, several joined by `+`, `none`, or `target`: the ticket of the target itself."""
        self.places[f"{side} from"] = self.phrase.here
        if self.phrase.takes("target"):
            return "target"
        if self.phrase.takes("none"):
            return "none"
        terms = self.phrase.take_terms("the name of a source, or `target`")
        for term in terms:
            self.names.tasks.find(Name(term.text, term.at), self.names.module)
        return "+".join(term.text for term in terms)

    def _level(self, side: str, arm: str) -> Sparsity:
        level = self.phrase.take_percent("a sparsity such as `70%`")
        self.places[f"{side} at"] = level.at
        return nearest_level(Sparsity(level.value), self.names.levels_of(arm))
