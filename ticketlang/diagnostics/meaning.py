"""Complaints about a study whose parts are each understood and do not fit together."""

from typing import ClassVar, Literal

from attrs import frozen

from .base import Diagnostic
from .fixes import Edit, without_side, without_statement


@frozen(kw_only=True)
class Needless(Diagnostic):
    """A statement that says nothing where it stands."""

    is_certain: bool = False  # whoever it is said of says so itself, and nothing else goes by it

    @property
    def fix(self) -> tuple[Edit, ...]:
        return without_statement(self.at) if self.is_certain else ()


@frozen(kw_only=True)
class NeedlessInTask(Needless):
    """One that a task may have from another."""

    @property
    def help_text(self) -> str:
        if self.is_certain:
            return self.help
        return "it is said in the task that this one extends: extend another, or say in this one all that it needs"


@frozen(kw_only=True)
class TextColumns(Diagnostic):
    code = "text-columns"
    says = "a task of the kind `{kind}` reads {expected} text column{s}, found {found}"
    help = "`text` names the columns of the input in order"
    kind: str
    expected: int
    found: int

    @property
    def message(self) -> str:
        return self.says.format_map({**self._facts(), "s": "s" * (self.expected != 1)})


@frozen(kw_only=True)
class NeedsLabel(Diagnostic):
    code = "needs-label"
    says = "a task of the kind `{kind}` needs the column of the answer"
    help = "write `label NAME`"
    kind: str


@frozen(kw_only=True)
class NeedlessLabel(NeedlessInTask):
    code = "needless-label"
    says = "a task of the kind `{kind}` has no label"
    help = "remove `label`"
    kind: str


@frozen(kw_only=True)
class NeedlessStride(NeedlessInTask):
    code = "needless-stride"
    says = "inputs of a task of the kind `{kind}` are cut, and not read in windows"
    help = "remove `stride`; tasks of the kind `answer spans` have one"
    kind: str


@frozen(kw_only=True)
class MetricDoesNotFit(Diagnostic):
    code = "metric-does-not-fit"
    says = "`{metric}` does not score tasks of the kind `{kind}`"
    help = "there are {fitting}"
    metric: str
    kind: str
    fitting: tuple[str, ...]


@frozen(kw_only=True)
class LevelNotOnPath(Diagnostic):
    code = "level-not-on-path"
    says = "{level} is not a level that the rounds go through"
    help = "they go through {path}"
    level: str
    path: str


@frozen(kw_only=True)
class GradualRounds(Needless):
    code = "gradual-rounds"
    says = "a gradual pruning reaches each sparsity in a run of its own, and goes through no rounds"
    help = "remove `rounds`: `sparsity` says the levels, and `every` how often it prunes on the way to each"


@frozen(kw_only=True)
class NoPartner(Diagnostic):
    code = "no-partner"
    says = "no ticket has a level in common with `{partner}` to combine its mask with"
    help = "give two tickets a level in common; a mask is not combined with itself"
    partner: str


@frozen(kw_only=True)
class PartnerUnclear(Diagnostic):
    code = "partner-unclear"
    says = "`{partner}` may be any of {labels}"
    help = "say from which source: `with NAME from SOURCE`; of the axes of a ticket, the partner takes the same values"
    partner: str
    labels: tuple[str, ...]


@frozen(kw_only=True)
class PartnerElsewhere(Diagnostic):
    code = "partner-elsewhere"
    says = "the masks of `{partner}` and of `{ticket}` cover different matrices"
    help = "let both tickets prune the same scope"
    partner: str
    ticket: str


@frozen(kw_only=True)
class NoGradualRun(Diagnostic):
    code = "no-gradual-run"
    says = "`{arm}` is the run in which a mask was found, and no ticket here prunes while it trains"
    help = "remove it, or say `prune gradual magnitude of encoder` in a ticket"
    arm: str


@frozen(kw_only=True)
class PatternSparsity(Diagnostic):
    code = "pattern-sparsity"
    says = "a pattern of {pattern} removes {removed}, and not {level}"
    help = "say `sparsity {removed} of original`, or another pattern; other levels need `global` or `per layer`"
    pattern: str
    removed: str
    level: str


@frozen(kw_only=True)
class LevelNotInTicket(Diagnostic):
    code = "level-not-in-ticket"
    says = "`{ticket}` has no level {level}"
    help = "its sparsities are {levels}"
    ticket: str
    level: str
    levels: str


@frozen(kw_only=True)
class NeverTransferred(Diagnostic):
    code = "never-transferred"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "`{ticket}` from `{source}` is trained nowhere: it has no task of its own, and no transfer takes it to one"
    help = "write `transfer {ticket} to ...`"
    ticket: str
    source: str


@frozen(kw_only=True)
class NeedsData(Diagnostic):
    code = "needs-data"
    says = "`{method}` pruning looks at what a task does to weights, and this ticket has no source"
    help = "name a source; `snip` with `first prune` scores the pre-trained weights on it, before any training"
    method: str


@frozen(kw_only=True)
class NeedsTraining(Diagnostic):
    code = "needs-training"
    says = "`{method}` pruning needs a training to go by, and nothing is trained before the first pruning"
    help = "say `first train`"
    method: str
    is_certain: bool = False  # it says `first prune` itself, and nothing else goes by it

    @property
    def fix(self) -> tuple[Edit, ...]:
        return (Edit(self.at, "train"),) if self.is_certain and self.at.text == "prune" else ()


@frozen(kw_only=True)
class RewindNeedsSource(Needless):
    code = "rewind-needs-source"
    says = "without a source there is no training to rewind to"
    help = "remove `rewind`: the pre-trained weights are what is pruned and what is trained"


@frozen(kw_only=True)
class WithoutEffect(Diagnostic):
    code = "without-effect"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "`{field}` changes nothing: {why}"
    help = "leave `{field}` out, or name a source that the mask is found on"
    field: str
    why: str


@frozen(kw_only=True)
class LevelsAlike(Diagnostic):
    code = "levels-alike"
    says = "two levels of `{ticket}` are both called {level}: names have hundredths of a percent, and no more"
    help = "let levels be a hundredth of a percent apart"
    ticket: str
    level: str


@frozen(kw_only=True)
class MaskFromFile(Diagnostic):
    code = "mask-from-file"
    says = "a mask from a file {what}"
    help = 'write a ticket for each file, with the sparsity of that one: `source file "mask.pt"`'
    what: str


@frozen(kw_only=True)
class RewindBeyondTraining(Diagnostic):
    code = "rewind-beyond-training"
    says = "going back to {rewind} of a training of {train} leaves nothing to train"
    help = "rewind to an earlier point, such as `rewind 5% of training`"
    rewind: str
    train: str


@frozen(kw_only=True)
class WarmupBeyondTraining(Diagnostic):
    code = "warmup-beyond-training"
    says = "the rate rises over {warmup}, and the training takes {train}: it would never fall"
    help = "say a shorter one, such as `warmup 10% of training`"
    warmup: str
    train: str


@frozen(kw_only=True)
class RiseBeyondTraining(Diagnostic):
    code = "rise-beyond-training"
    says = "the sparsity rises up to {ends}, and the training takes {train}: nothing would be trained after it"
    help = "end earlier, such as `from 10% to 60% of training`"
    ends: str
    train: str


@frozen(kw_only=True)
class OneDenseLevel(Diagnostic):
    code = "dense-has-no-level"
    says = "`{arm}` has no mask, and so no level"
    help = "remove `at {level}`"
    arm: str
    level: str

    @property
    def fix(self) -> tuple[Edit, ...]:
        return without_side("at", self.at)


@frozen(kw_only=True)
class ArmHasNoSource(Diagnostic):
    code = "arm-has-no-source"
    says = "`{arm}` does not depend on a source"
    help = "remove `from {source}`"
    arm: str
    source: str

    @property
    def fix(self) -> tuple[Edit, ...]:
        return without_side("from", self.at) if self.at.text == self.source else ()


@frozen(kw_only=True)
class NotASource(Diagnostic):
    code = "not-a-source"
    says = "`{source}` is no source of `{arm}`"
    help = "its sources are {sources}"
    source: str
    arm: str
    sources: tuple[str, ...]


@frozen(kw_only=True)
class NothingToCompare(Diagnostic):
    code = "nothing-to-compare"
    says = "`{left}` and `{right}` are never run on the same target"
    help = "add a `transfer`, or name targets on which both are run"
    left: str
    right: str


@frozen(kw_only=True)
class NeverRun(Diagnostic):
    code = "never-run"
    says = "`{arm}` is run on no{other} target"
    help = "add a `transfer`, or speak of what is run; `ticketrun plan --verbose` lists it"
    arm: str
    other: str  # " other" where its source does not count


@frozen(kw_only=True)
class ComparedWithItself(Diagnostic):
    code = "compared-with-itself"
    says = "`{pattern}` is compared with itself"
    label = "the same as on the left"
    help = "name another arm, level or source; what the right side does not name is as on the left"
    pattern: str


@frozen(kw_only=True)
class OtherThanWhat(Diagnostic):
    code = "other-than-what"
    says = "`other` means other than the source, and `{arm}` has none"
    help = "leave out `other`, or name the targets: `on mrpc, rte`"
    arm: str


@frozen(kw_only=True)
class NotRunOn(Diagnostic):
    code = "not-run-on"
    says = "`{arm}` is not run on `{target}`"
    help = "it is run on {targets}; add a `transfer` for more"
    arm: str
    target: str
    targets: tuple[str, ...]


@frozen(kw_only=True)
class MatchesWhat(Diagnostic):
    code = "match-undefined"
    says = "what `matches` means is not said"
    help = "add `match within 1 sd of dense using larger sd`, or another rule, to the study"


@frozen(kw_only=True)
class MatchesOther(Diagnostic):
    code = "matches-other"
    says = "`matches` compares with dense networks, and `{arm}` is none"
    help = "write `is at least {arm}`, or `matches dense`"
    arm: str


@frozen(kw_only=True)
class WeightsNeedMask(Diagnostic):
    code = "weights-need-mask"
    says = "`{arm}` has no mask, and `weights {weights}` is about the matrices of one"
    help = "say `mask of ticket` or another mask; without one there are `weights pretrained` and `weights random all`"
    arm: str
    weights: str


@frozen(kw_only=True)
class NothingGoesBack(Diagnostic):
    code = "nothing-goes-back"
    says = "`{arm}` begins with `weights {weights}`, and only weights of the ticket go back to a point"
    help = "remove `rewind`, or the `weights` of the arm: those of the ticket are what it begins with otherwise"
    arm: str
    weights: str


@frozen(kw_only=True)
class OldHeadInTransfer(Needless):
    code = "old-head-in-transfer"
    says = "in a transfer there is no earlier head: it would be that of another task"
    help = "remove it; on its own source a ticket has the head that `head ... in search` says"


@frozen(kw_only=True)
class NothingRewound(Diagnostic):
    code = "nothing-rewound"
    says = "the head is to be rewound where nothing else is"
    help = "say `head carried in search`, which is the default here, or `head fresh in search`"


@frozen(kw_only=True)
class NoPretrainedHead(Diagnostic):
    code = "no-pretrained-head"
    says = "no model comes with a head for a task of the kind `{kind}`"
    help = "say `head fresh`; pre-trained heads are those of masked language modelling"
    kind: str
    is_certain: bool = False  # a task says so of itself

    @property
    def fix(self) -> tuple[Edit, ...]:
        return (Edit(self.at, "fresh"),) if self.is_certain and self.at.text == "pretrained" else ()


@frozen(kw_only=True)
class OneSeed(Diagnostic):
    code = "one-seed"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "with one seed no claim can be decided"
    help = "two are the least, and papers use three to five: `seeds 1, 2, 3`"


@frozen(kw_only=True)
class OneNoise(Diagnostic):
    code = "one-noise"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "`mode_connectivity` compares trainings of different data order or dropout, and all runs have the same"
    help = "say more seeds: `seeds 1, 2`; as it is, levels alone are connected"


@frozen(kw_only=True)
class PublishedElsewhere(Diagnostic):
    code = "published-elsewhere"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "of {total} published numbers this study has nothing to show beside {count}, the first for `{cell}`"
    help = (
        "a number stands beside the cell of its arm, level and target; without `from` that is the target's own ticket"
    )
    cell: str
    count: int
    total: int


@frozen(kw_only=True)
class PublishedInFp32(Diagnostic):
    code = "published-in-fp32"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "the numbers of `{publication}` would stand beside scores of trainings in {precision}"
    help = "published numbers are compared in fp32: say `precision fp32`, which is the default"
    publication: str
    precision: str


@frozen(kw_only=True)
class MoreThanItsFactor(Diagnostic):
    """A comparison that does not answer what its baseline is there to ask."""

    code = "more-than-its-factor"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "`{arm}` differs from `{ticket}` not in {named} alone, but in {beyond} as well"
    arm: str
    ticket: str
    named: str
    beyond: str
    is_dense: bool

    @property
    def help_text(self) -> str:
        if self.is_dense:
            return "an arm that says `mask none` and no more begins where its ticket does, with the same head"
        return "let the arm name what it is to be compared in, and take the rest from the ticket"


@frozen(kw_only=True)
class NoFactor(Diagnostic):
    code = "no-factor"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "`{arm}` is `{ticket}` itself: it differs in nothing"
    help = "name a mask or weights that are not the ticket's, or leave the arm out"
    arm: str
    ticket: str


@frozen(kw_only=True)
class SearchedOtherwise(Diagnostic):
    code = "searched-otherwise"
    severity: ClassVar[Literal["error", "warning"]] = "warning"
    says = "masks of `{ticket}` are found with {search}, and its tickets are trained with {training}"
    help = "say it in the task, so that both are one; or keep it, and mind it when scores are read"
    ticket: str
    search: str
    training: str


@frozen(kw_only=True)
class NotImplementedYet(Diagnostic):
    """The row of what a study names says that its runtime is still to come."""

    code = "not-implemented-yet"
    says = "{what} cannot be run yet"
    help = "the study validates and plans; leave this out to run the rest"
    what: str
