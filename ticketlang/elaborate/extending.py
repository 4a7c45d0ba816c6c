"""Studies that extend others, and settings of the command line: what is said later stands in place of what was said.

Both work on statements, before any of them is understood. A field replaces the field of its name, and in a ticket that
is there already, each field the ticket's own; a list is replaced, and never merged.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .. import diagnostics
from ..parse import parse
from ..source import Source
from ..syntax import Block, Item, Phrase, Statement, Word
from ..vocabulary.fields import STUDY
from .complaints import Complaints, Misread
from .modules import Declaration, Module
from .nearest import nearest
from .phrases import Reader

SETTING = "--set"  # the name of the source of what a command line says
NAMED = ("ticket", "claim")  # fields of a study that are told apart by the names they give


def whole_study(module: Module, complaints: Complaints) -> Statement | None:
    """The study of a file, with everything that it takes from the one it extends.

    None: there is none, or the one it extends is not there, so that most of what could be said of this one would follow
    from that.
    """
    heads = module.statements.get("study", ())
    if not heads:
        return None
    head = heads[0]
    extends = next(_parts_after(head, "extends"), None)
    said = _inside(head)
    drops = [statement for statement in said if _word(statement) == "drop"]
    said = tuple(statement for statement in said if statement not in drops)
    if extends is None:
        for drop in drops:
            complaints.add(diagnostics.NothingToDrop(at=drop.at))
        return _with(head, said)
    if module.base is None:
        return None
    base = whole_study(module.base, complaints)
    if base is None:
        if not module.base.statements.get("study"):
            complaints.add(diagnostics.ExtendsNoStudy(at=extends.at, name=extends.text))
        return None
    kept = _inside(base)
    for drop in drops:
        kept = complaints.attempt(lambda drop=drop, kept=kept: _without(kept, drop)) or kept  # type: ignore[misc]  # mypy cannot type a lambda's default
    return _with(head, over(kept, said))


def over(base: Sequence[Statement], said: Sequence[Statement]) -> tuple[Statement, ...]:
    """What a study says, and in place of it what is said later: each where the first of its kind stood."""
    later: dict[object, list[Statement]] = {}
    for statement in said:
        later.setdefault(_key(statement), []).append(statement)
    result: list[Statement] = []
    for statement in base:
        key = _key(statement)
        if key not in later:
            result.append(statement)
        elif later[key]:
            result += [_into(statement, new) for new in later[key]]
            later[key] = []
    result += [statement for statements in later.values() for statement in statements]
    return tuple(result)


def with_settings(
    head: Statement, module: Module, settings: Sequence[str], complaints: Complaints
) -> tuple[Statement, Module]:
    """A study with what a command line sets, and a file in whose sight the tasks are those that it sets."""
    top = Module(Source(SETTING, ""), is_shipped=False, used={**module.used, **module.own})
    top.is_partial = module.is_partial
    for text in settings:
        tree, malformed = parse(Source(SETTING, text))
        complaints.extend(malformed)
        for statement in tree.statements if tree is not None else ():
            path, setting = _split(statement)
            if path is None:
                head = _with(head, over(_inside(head), (setting,)))
            elif (block := _block_called(path.text, head)) is not None:
                inner = _with(block, over(_inside(block), (setting,)))
                head = _with(head, tuple(inner if old is block else old for old in _inside(head)))
            elif (task := module.find("task", path.text)) is not None and task.word == "task":
                _set_in_task(top, task, path, setting)
            else:
                known = (*_names(head), *module.names("task"))
                guess = nearest(path.text, known)
                if module.may_lack(path.text, guess):
                    continue
                complaints.add(diagnostics.UnknownPath(at=path.at, name=path.text, nearest=guess))
    return head, top


def _set_in_task(top: Module, task: Declaration, path: Word, setting: Statement) -> None:
    """Declare a task over the one of its name."""
    key = (task.space, task.name)
    earlier = top.own.get(key)
    inside = (setting,) if earlier is None else over(_inside(earlier.statement), (setting,))
    phrase = Phrase((Item((path, Word("extends", path.at), path)),))
    statement = Statement(Word("task", path.at), phrase, Block(inside, setting.at))
    top.own[key] = Declaration("task", task.name, task.name, statement, top, path.at)


def _split(statement: Statement) -> tuple[Word | None, Statement]:
    """`imp.sparsity 50%` as `imp`, and `sparsity 50%`."""
    word = statement.word
    if not isinstance(word, Word) or "." not in word.text:
        return None, statement
    path, name = word.text.split(".", maxsplit=1)
    source, start = word.at.source, word.at.start
    head = Word(path, source.span(start, start + len(path)))
    field = Word(name, source.span(start + len(path) + 1, word.at.stop))
    return head, Statement(field, statement.phrase, statement.block)


def _block_called(name: str, head: Statement) -> Statement | None:
    """The ticket of a name, or the block of seeds."""
    for statement in _inside(head):
        is_ticket = _key(statement) == ("ticket", name)
        if statement.block is not None and (is_ticket or name == _word(statement) == "seeds"):
            return statement
    return None


def _without(statements: tuple[Statement, ...], drop: Statement) -> tuple[Statement, ...]:
    """Statements without those that `drop claim universal`, `drop transfer` name."""
    phrase = Reader.of(drop, STUDY["drop"])
    word = phrase.take_word("a field of the study that is extended")
    keys: dict[object, Word] = {}
    if word.text in NAMED:
        while not keys or phrase.takes_comma():
            name = phrase.take_word(f"the name of a {word.text}")
            keys[word.text, name.text] = name
    else:
        keys[word.text] = word
    phrase.take_end()
    present = {_key(statement) for statement in statements}
    for key, named in keys.items():
        if key not in present:
            known = [str(k[1]) if isinstance(k, tuple) else str(k) for k in present if type(k) is type(key)]
            raise Misread(diagnostics.NotThereToDrop(at=named.at, name=named.text, nearest=nearest(named.text, known)))
    return tuple(statement for statement in statements if _key(statement) not in keys)


def _into(base: Statement, said: Statement) -> Statement:
    """A ticket that is said again says only what is different; anything else stands for itself."""
    if _word(said) != "ticket" or said.block is None or base.block is None:
        return said
    phrase = said.phrase if list(_parts_after(said, "extends")) else base.phrase
    return Statement(said.word, phrase, Block(over(_inside(base), _inside(said)), said.block.at))


def _with(head: Statement, statements: tuple[Statement, ...]) -> Statement:
    block = None if head.block is None else Block(statements, head.block.at)
    return Statement(head.word, head.phrase, block)


def _inside(head: Statement) -> tuple[Statement, ...]:
    return head.block.statements if head.block else ()


def _word(statement: Statement) -> str | None:
    return statement.word.text if isinstance(statement.word, Word) else None


def _key(statement: Statement) -> object:
    """What a later statement must have in common with this one to stand in its place."""
    word = _word(statement)
    if word in NAMED and statement.items and isinstance(name := statement.items[0].parts[0], Word):
        return word, name.text
    return id(statement) if word is None else word


def _names(head: Statement) -> Iterator[str]:
    for statement in _inside(head):
        if isinstance(key := _key(statement), tuple) and key[0] == "ticket":
            yield str(key[1])


def _parts_after(head: Statement, word: str) -> Iterator[Word]:
    """What a head says after a word: `"universal.ticket"` after `extends`."""
    parts = head.items[0].parts if head.items else ()
    for before, part in pairwise(parts):
        if isinstance(before, Word) and before.text == word:
            yield Word(part.at.text.strip('"'), part.at)
