"""Complaints about what a field says."""

from attrs import frozen

from .base import Diagnostic, UnknownName
from .fixes import Edit


@frozen(kw_only=True)
class NotUnderstood(Diagnostic):
    code = "not-understood"
    says = "`{field}` expects {expected}, found {found}"
    label = "not understood"
    help = "for example `{example}`"
    field: str
    expected: str
    found: str
    example: str


@frozen(kw_only=True)
class UnknownKind(UnknownName):
    code = "unknown-kind"
    is_closed = True
    says = "there is no kind of task called `{name}`"

    @property
    def help_text(self) -> str:
        """All kinds, unless it is a slip of one: `classification` may be that of sentences or of pairs."""
        return super().help_text if self.fix else f"there are {', '.join(f'`{kind}`' for kind in self.known)}"


@frozen(kw_only=True)
class UnknownMetric(UnknownName):
    code = "unknown-metric"
    is_closed = True
    says = "there is no metric called `{name}`"


@frozen(kw_only=True)
class UnknownMicro(UnknownName):
    code = "unknown-micro"
    says = "the built-in world has no text called `{name}`"


@frozen(kw_only=True)
class UnknownPruning(UnknownName):
    code = "unknown-pruning"
    is_closed = True
    says = "there is no pruning method called `{name}`"


@frozen(kw_only=True)
class UnknownScope(UnknownName):
    code = "unknown-scope"
    is_closed = True
    says = "there is no scope called `{name}`"


@frozen(kw_only=True)
class MixedScope(Diagnostic):
    code = "mixed-scope"
    says = "`{one}` and `{other}` cannot be pruned as one scope: one of them goes weight by weight, the other in units"
    help = "say `encoder + pooler` for single weights, or `heads + neurons` for whole units; a comma makes two tickets"
    one: str
    other: str


@frozen(kw_only=True)
class ScoresNoUnits(Diagnostic):
    code = "scores-no-units"
    says = "`{method}` scores single weights, and no whole heads or neurons"
    help = "units are scored by {able}; single weights are those of `encoder`"
    method: str
    able: tuple[str, ...]


@frozen(kw_only=True)
class DoesNotCombine(Diagnostic):
    code = "does-not-combine"
    says = "`{one}` does not go with `{other}`: {why}"
    help = "{way_out}"
    one: str
    other: str
    why: str
    way_out: str


@frozen(kw_only=True)
class UnknownSection(UnknownName):
    code = "unknown-section"
    is_closed = True
    says = "no section of a report is called `{name}`"


@frozen(kw_only=True)
class UnknownChoice(UnknownName):
    code = "unknown-choice"
    is_closed = True
    says = "`{field}` cannot be `{name}`"
    field: str


@frozen(kw_only=True)
class UnknownQuantifier(UnknownName):
    code = "unknown-quantifier"
    is_closed = True
    says = "a claim speaks of every, most, some or at least half the targets, and not of `{name}`"


@frozen(kw_only=True)
class NotWhole(Diagnostic):
    code = "not-whole"
    says = "{what} must be a whole number, found `{found}`"
    help = "write one of at least {least}"
    what: str
    found: str
    least: int


@frozen(kw_only=True)
class OutOfRange(Diagnostic):
    code = "out-of-range"
    says = "{what} must be {range}, found `{found}`"
    help = "for example `{example}`"
    what: str
    range: str
    found: str
    example: str


@frozen(kw_only=True)
class UnitMissing(Diagnostic):
    code = "unit-missing"
    says = "`{number}` has no unit"
    help = "write `{right}`"
    number: str
    right: str  # the number with the unit that was probably meant
    other: str = ""  # what else it may mean
    is_certain: bool = False  # there is no other unit here

    @property
    def help_text(self) -> str:
        return f"write `{self.right}`" + (f", or `{self.other}` if that is what you mean" if self.other else "")

    @property
    def fix(self) -> tuple[Edit, ...]:
        return (Edit(self.at, self.right),) if self.is_certain else ()


@frozen(kw_only=True)
class WrongUnit(Diagnostic):
    code = "wrong-unit"
    says = "`{field}` is counted in {expected}, found `{found}`"
    help = "for example `{example}`"
    field: str
    expected: str
    found: str
    example: str


@frozen(kw_only=True)
class OfWhatUnsaid(Diagnostic):
    code = "of-what-unsaid"
    says = "these sparsities do not say of what"
    help = "write `of original` (shares of all weights) or `of remaining` (each round removes a share of what is left)"


@frozen(kw_only=True)
class SparsityFalls(Diagnostic):
    code = "sparsity-falls"
    says = "sparsities must rise, but {later} comes after {earlier}"
    help = "write the levels in the order in which they are pruned"
    later: str
    earlier: str


@frozen(kw_only=True)
class StepMisses(Diagnostic):
    code = "step-misses"
    says = "steps of {by} from {first} do not hit {last}"
    help = "the last level before it is {before}; end there, or change the step"
    by: str
    first: str
    last: str
    before: str


@frozen(kw_only=True)
class TooManyLevels(Diagnostic):
    code = "too-many-levels"
    says = "this makes more than {limit} levels"
    help = "each level is a training; take larger steps"
    limit: int


@frozen(kw_only=True)
class TooManySeeds(Diagnostic):
    code = "too-many-seeds"
    says = "this makes more than {limit} runs"
    help = "each seed repeats the whole study"
    limit: int


@frozen(kw_only=True)
class TooManyTickets(Diagnostic):
    code = "too-many-tickets"
    says = "the axes of this ticket make {count} tickets, and a study may have {limit}"
    help = "a ticket stands for the product of its lists; shorten one of them"
    count: int
    limit: int


@frozen(kw_only=True)
class GroupInSum(Diagnostic):
    code = "group-in-sum"
    says = "the group `{name}` cannot be part of a joint source"
    help = "`+` makes one source of single tasks: name them"
    name: str


@frozen(kw_only=True)
class NoneIsAlone(Diagnostic):
    code = "none-is-alone"
    says = "`none` is no task and cannot be joined with one"
    help = "`source none` prunes the pre-trained weights as they are"


@frozen(kw_only=True)
class NoSplitInPattern(Diagnostic):
    code = "no-split-in-pattern"
    says = "the files of the two splits need two names"
    help = "write `{{split}}` where the name of the split stands, as in `{example}`"
    example: str


@frozen(kw_only=True)
class SameSplit(Diagnostic):
    code = "same-split"
    says = "training and evaluation both read the split `{split}`"
    help = "`splits` names the split trained on, then the split scored on"
    split: str


@frozen(kw_only=True)
class HeadWhere(Diagnostic):
    code = "head-where"
    says = "`head` does not say in which training"
    help = "write `head {policy} in search` or `head {policy} in transfer`"
    policy: str


@frozen(kw_only=True)
class OneSentence(Diagnostic):
    code = "one-sentence"
    says = "a claim is one sentence, and `{name}` has {count}"
    help = "write a claim for each"
    name: str
    count: int


@frozen(kw_only=True)
class DeviationUnsaid(Diagnostic):
    code = "deviation-unsaid"
    says = "whose standard deviation decides is not said"
    help = "write `using ticket sd`, `using dense sd`, `using larger sd` or `using pooled sd`; verdicts depend on it"
