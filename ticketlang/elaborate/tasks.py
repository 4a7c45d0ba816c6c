"""Tasks and groups: what is trained on, with everything that a `task` block leaves to others filled in."""

from fractions import Fraction

from attrs import define, field, frozen

from .. import diagnostics
from ..source import Span
from ..study import Data, Optimizer, Recipe, Task
from ..syntax import Percent, Statement, Word
from ..units import START
from ..vocabulary.fields import FILE
from ..vocabulary.metrics import METRICS
from ..vocabulary.micro import MICRO
from ..vocabulary.tasks import TASK_KINDS
from .blocks import Fields, fields_of
from .complaints import Complaints, Misread
from .modules import Declaration, Module
from .nearest import nearest
from .phrases import Name, Reader
from .recipes import take_batch, take_limit, take_optimizer, take_rate, take_training, take_warmup

DEFAULT_STRIDE = 128  # tokens, as in the fine-tuning of Devlin et al. 2019 on SQuAD
ALL = {"all", "any", "everything", "others"}  # what people write for it
LONGEST_CHAIN = 20  # tasks that extend each other, groups in groups


@frozen(repr=False, eq=False)
class Splits:
    """What is trained on and what is scored on."""

    train: str
    score: str
    held_out: Fraction | None = None  # of the split trained on: this part is scored on instead


@define(eq=False, repr=False)
class Tasks:
    """Tasks and groups by their declarations, each elaborated once."""

    complaints: Complaints
    spec: Module | None = None  # the file of the study: in it, a name stands for one task
    known: dict[Declaration, Task | None] = field(factory=dict)  # None: not understood
    members: dict[Declaration, tuple[Declaration, ...]] = field(factory=dict)  # of groups
    circular: set[Declaration] = field(factory=set)  # tasks and groups of a circle that was complained about

    def named(self, name: Name, module: Module) -> tuple[Declaration, ...]:
        """The task of a name, or those of a group, in order and each once."""
        declaration = self.find(name, module)
        if declaration.word == "task":
            return (declaration,)
        return self._members(declaration, ())

    def find(self, name: Name, module: Module) -> Declaration:
        """What a name stands for.

        Raises:
            Misread: there is no such task.
        """
        declaration = module.find("task", name.text)
        if declaration is None:
            raise Misread(*unknown_task(name, module))
        return declaration

    def task(self, declaration: Declaration) -> Task | None:
        """The task, or None if something in it was not understood; complaints have been made then."""
        if declaration not in self.known:
            fields = self._fields(declaration, ())
            self.known[declaration] = _task(declaration, fields) if fields else None
        return self.known[declaration]

    def look_at(self, declaration: Declaration) -> None:
        """Complain about what is wrong with a task or a group, whether a study uses it or not."""
        if declaration.word == "task":
            self.task(declaration)
        elif declaration.word == "group":
            self._members(declaration, ())

    def _fields(self, declaration: Declaration, above: tuple[Declaration, ...]) -> Fields | None:
        """The fields of a task over those of the one it extends. None: that one is not there."""
        own = fields_of(declaration.statement, "task", self.complaints)
        if declaration.extends is None:
            return own
        base = declaration.module.find("task", declaration.extends, besides=declaration)
        at = _extends_place(declaration)
        if base in self.circular:
            return None
        if base is declaration or base in above:
            self.circular |= {*above, declaration}
            self.complaints.add(diagnostics.ExtendsItself(at=at, name=base.name))
            return None
        if base is None or base.word != "task":
            self.complaints.extend(unknown_task(Name(declaration.extends, at), declaration.module))
            return None
        if len(above) == LONGEST_CHAIN:
            self._complain_of_chain(above[0])
            return None
        inherited = self._fields(base, (*above, declaration))
        return own.with_base(inherited) if inherited else None

    def _members(self, group: Declaration, above: tuple[Declaration, ...]) -> tuple[Declaration, ...]:
        """The tasks of a group and of the groups in it, each once."""
        if group in self.members:
            return self.members[group]
        members: dict[Declaration, None] = {}
        said: set[str] = set()
        for i, item in enumerate(group.statement.items):
            if (name := item.parts[-1].at.text) in said:
                self.complaints.add(diagnostics.NamedTwiceInList(at=item.at, name=name))
            said.add(name)
            phrase = Reader.of_item(item, FILE["group"])
            found = self.complaints.attempt(lambda p=phrase, i=i: self.find(_member(p, i == 0), group.module))  # type: ignore[misc]  # mypy cannot type a lambda's default
            if found is None or found in self.circular:
                continue
            if found is group or found in above:
                self.circular |= {*above, group}
                self.complaints.add(diagnostics.GroupHoldsItself(at=item.parts[-1].at, name=found.name))
            elif found.word == "task":
                members[self._as_in_the_spec(found)] = None
            elif len(above) == LONGEST_CHAIN:
                self._complain_of_chain(above[0])
            else:
                members |= dict.fromkeys(self._members(found, (*above, group)))
        self.members[group] = tuple(members)
        return self.members[group]

    def _as_in_the_spec(self, task: Declaration) -> Declaration:
        """The task of this name that the spec sees: its own `mrpc` stands in the groups of a library, too.

        Otherwise a study could hold two tasks of one name. What a library's task extends stays as the library has it.
        """
        key = (task.space, task.name)
        seen = (self.spec.own.get(key), self.spec.used.get(key)) if self.spec else ()
        return next((found for found in seen if found is not None and found.word == "task"), task)

    def _complain_of_chain(self, first: Declaration) -> None:
        self.complaints.add(diagnostics.ChainTooLong(at=first.at, name=first.name, limit=LONGEST_CHAIN))


def unknown_task(name: Name, module: Module) -> tuple[diagnostics.Diagnostic, ...]:
    """The complaint; none where a file that may have the task was not had, which has been said."""
    if name.text in ALL:
        note = "no word stands for all tasks: name them, or a group such as `glue` of chen2020"
        return (diagnostics.UnknownTask(at=name.at, name=name.text, note=note),)
    guess = nearest(name.text, module.names("task"))
    if module.may_lack(name.text, guess):
        return ()
    origin = module.origin("task", guess) if guess is not None else ""
    return (diagnostics.UnknownTask(at=name.at, name=name.text, nearest=guess, origin=origin),)


def _member(phrase: Reader, is_first: bool) -> Name:
    from ..syntax import Equals

    if is_first:
        phrase.take_name("the name of the group")
        if not isinstance(phrase.next, Equals):
            raise phrase.misread("`=`")
        phrase.index += 1
    name = phrase.take_name("the name of a task")
    phrase.take_end()
    return name


def _extends_place(declaration: Declaration) -> Span:
    """Where the task that is extended is named."""
    last = declaration.statement.items[0].parts[-1]
    return last.at if isinstance(last, Word) else declaration.at


def _task(declaration: Declaration, fields: Fields) -> Task | None:
    is_incomplete = fields.complain_of_missing()
    kind = fields.read(
        "kind", lambda phrase: phrase.take_row(TASK_KINDS, lambda: diagnostics.UnknownKind, "a kind of task")
    )
    data = fields.read("data", _take_data)
    splits = fields.read("splits", _take_splits) or Splits("train", "validation")
    text = fields.read_items("text", lambda phrase: phrase.take_column("the name of a column").text)
    label, classes = fields.read("label", _take_label) or (None, None)
    metrics = fields.read_items(
        "metric",
        lambda phrase: phrase.take_row(METRICS, lambda: diagnostics.UnknownMetric, "the name of a metric").name,
    )
    length = fields.read("length", lambda phrase: phrase.take_count("tokens"))
    limits = _limits(fields)
    best_on = fields.read("evaluate", _take_evaluate)
    stride = fields.read("stride", lambda phrase: phrase.take_count("tokens"))
    head = fields.read("head", lambda phrase: phrase.take_one_of("fresh", "pretrained"))
    train = fields.read("train", take_training)
    batch = fields.read("batch", take_batch)
    rate = fields.read("rate", take_rate)
    warmup = fields.read("warmup", take_warmup) or START
    optimizer = fields.read("optimizer", take_optimizer) or Optimizer()
    if is_incomplete or fields.misread or not (kind and data and text and length and train and batch and rate):
        return None
    return Task(
        name=declaration.name,
        kind=kind.name,
        data=data,
        train_split=splits.train,
        score_split=splits.score,
        text=text,
        label=label,
        classes=classes,
        metrics=metrics or kind.metrics,
        length=length,
        limit=limits.get("training"),
        limit_evaluation=limits.get("evaluation"),
        best_on=best_on or None,
        held_out=splits.held_out,
        stride=stride or DEFAULT_STRIDE,
        head="pretrained" if head == "pretrained" else "fresh",
        recipe=Recipe(
            train=train,
            batch=batch,
            rate=rate.peak,
            schedule=rate.schedule,
            warmup=warmup,
            optimizer=optimizer,
        ),
        at=declaration.at,
        places=_places(fields),
    )


def _places(fields: Fields) -> dict[str, Span]:
    """Where each field was written, and the block itself."""
    places = {word: _phrase_place(statements[0]) for word, statements in fields.statements.items()}
    return places | ({} if fields.head.block is None else {"block": fields.head.block.at})


def _phrase_place(statement: Statement) -> Span:
    return statement.phrase.at if statement.phrase else statement.at


def _take_data(phrase: Reader) -> Data:
    start = phrase.here
    origin = phrase.take_one_of("hub", "files", "micro")
    if origin == "micro":
        return _take_micro(phrase, start)
    if origin == "files":
        pattern = phrase.take_string("a pattern of file names in quotes")
        if "{split}" not in pattern.text:
            raise Misread(diagnostics.NoSplitInPattern(at=pattern.at, example="mrpc/{split}.jsonl"))
        return Data(origin="files", name=pattern.text, at=start.to(pattern.at))
    last = phrase.take_string('the name of a hub data set in quotes, such as `"nyu-mll/glue"`')
    name, config, revision = last.text, None, None
    if phrase.takes("config"):
        last = phrase.take_string("the name of a configuration in quotes")
        config = last.text
    if phrase.takes("revision"):
        last = phrase.take_string("a revision in quotes")
        revision = last.text
    return Data(origin="hub", name=name, config=config, revision=revision, at=start.to(last.at))


def _take_micro(phrase: Reader, start: Span) -> Data:
    """`micro sentiment`, `micro sentiment world 2`."""
    end = phrase.here
    name = phrase.take_row(MICRO, lambda: diagnostics.UnknownMicro, "the name of a text of the built-in world").name
    world = 1
    if phrase.takes("world"):
        end = phrase.here
        world = phrase.take_whole("the seed of a world", least=0)
    return Data(origin="micro", name=name, world=world, at=start.to(end))


def _take_splits(phrase: Reader) -> Splits:
    """`train, validation`; or `train, 1% of train`, where there is no other split."""
    train = phrase.take_column("the split trained on")
    if not phrase.takes_comma():
        raise phrase.misread("a comma and the split scored on")
    if isinstance(phrase.next, Percent):
        return _take_held_out(phrase, train.text)
    score = phrase.take_column("the split scored on")
    if train.text == score.text:
        raise Misread(diagnostics.SameSplit(at=score.at, split=score.text))
    return Splits(train.text, score.text)


def _take_held_out(phrase: Reader, train: str) -> Splits:
    share = phrase.take_percent("a share of the split trained on")
    if not 0 < share.value <= Fraction(1, 2):
        raise phrase.out_of_range(share, "the share that is scored on", "above 0% and at most 50%")
    phrase.take_words("of")
    if phrase.take_column("the split trained on").text != train:
        phrase.index -= 1
        raise phrase.misread(f"the split trained on, `{train}`")
    return Splits(train, train, share.value)


def _take_label(phrase: Reader) -> tuple[str, int | None]:
    column = phrase.take_column("the name of a column")
    if not phrase.takes_comma():
        return column.text, None
    phrase.take_words("classes")
    return column.text, phrase.take_whole("a number of classes", least=2)


def _take_evaluate(phrase: Reader) -> str:
    """`last`, or `best on validation`. Empty: last."""
    if phrase.take_one_of("last", "best") == "last":
        return ""
    phrase.take_words("on")
    return phrase.take_column("the name of a split").text


def _limits(fields: Fields) -> dict[str, int | None]:
    """`limit 4000 examples` of the training split, `limit evaluation 500 examples`; None: `all examples`."""
    limits: dict[str, int | None] = {}
    for statement in fields.all("limit"):

        def take(phrase: Reader, statement: Statement = statement) -> tuple[str, int | None]:
            of = "evaluation" if phrase.takes("evaluation") else "training"
            if of in limits:
                raise Misread(diagnostics.RepeatedField(at=statement.word.at, name="limit"))
            limit = take_limit(phrase)
            return of, None if limit == "all" else limit

        if said := fields.read_statement(statement, take):
            of, count = said
            limits[of] = count
    return limits
