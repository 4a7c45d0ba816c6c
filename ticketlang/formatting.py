"""Tree and comments -> the one canonical text.

What a statement says begins in one column of its block, so that adding a line moves no other; comments after statements
begin in one column of the file. Blank lines are kept, one at most; a block of one short statement stays on one line if
it was written so. Lists that are too long go on under their first item. Names, numbers and strings stay as written.
"""

import re
from collections import deque
from collections.abc import Sequence

from attrs import define, field

from .source import Source
from .syntax import Block, Comment, File, Item, Statement, Sum, Word
from .vocabulary.fields import BLOCKS

WIDTH = 100  # columns of a line that may be broken
COLUMN = 10  # of what is said, in a block: the longest field has nine letters
COMMENTS = 34  # column of comments after a statement
INDENT = "  "
BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


def formatted(tree: File) -> str:
    """The canonical text of a file that has no mistakes of writing: it parses to an equal tree, comments and all."""
    printer = Printer(tree.source, deque(sorted(tree.comments, key=lambda comment: comment.at.start)))
    printer.put_statements(tree.statements, "", "file", len(tree.source.text))
    return "".join(f"{line}\n" for line in printer.lines)


@define
class Printer:
    """What has been written so far, and the comments still to come."""

    source: Source
    comments: deque[Comment]
    lines: list[str] = field(factory=list)
    end: int = 0  # where the last thing that was written ends in the source

    def put_statements(self, statements: Sequence[Statement], indent: str, block: str, stop: int) -> None:
        """All statements of a block, up to its closing brace at `stop`."""
        is_first = True
        for i, statement in enumerate(statements):
            is_first = self._put_comments(statement.at.start, indent, is_first)
            self._put_blank(statement.at.start, is_first)
            self._put_statement(statement, indent, block)
            following = statements[i + 1].at.start if i + 1 < len(statements) else stop
            self._put_trailing(following)
            is_first = False
        self._put_comments(stop, indent, is_first)

    def _put_comments(self, before: int, indent: str, is_first: bool) -> bool:
        """Comments that stand on lines of their own. Returns whether the block still has no line."""
        while self.comments and self.comments[0].at.start < before:
            comment = self.comments.popleft()
            self._put_blank(comment.at.start, is_first)
            self.lines.append(f"{indent}{comment.text}")
            self.end, is_first = comment.at.stop, False
        return is_first

    def _put_blank(self, start: int, is_first: bool) -> None:
        if not is_first and BLANK_LINE.search(self.source.text[self.end : start]):
            self.lines.append("")

    def _put_trailing(self, before: int) -> None:
        """The comment that stands behind what was written last, on its line."""
        comment = self.comments[0] if self.comments else None
        if comment is None or comment.at.start >= before or "\n" in self.source.text[self.end : comment.at.start]:
            return
        self.comments.popleft()
        self.lines[-1] = f"{self.lines[-1] + '  ':{COMMENTS}}{comment.text}"
        self.end = comment.at.stop

    def _put_statement(self, statement: Statement, indent: str, block: str) -> None:
        word = statement.word.at.text
        is_aligned = statement.block is None and block not in {"file", "claim", "published"}
        start = f"{indent}{word:{COLUMN - 1}} " if is_aligned else f"{indent}{word} "
        if statement.items:
            self._put_list(start, statement.items)
        else:
            self.lines.append(start.rstrip())
            self.end = statement.word.at.stop
        if statement.block is not None:
            self._put_block(statement.block, indent, word)

    def _put_list(self, start: str, items: Sequence[Item]) -> None:
        """Items with commas between them, broken before what does not fit, and after comments."""
        line, column = start, " " * len(start)
        for i, item in enumerate(items):
            text = _text_of(item)
            comma = "," if i + 1 < len(items) else ""
            is_new = line in {start, column}
            if not is_new and len(line) + len(f" {text}{comma}") > WIDTH and _may_open_a_line(item):
                self.lines.append(line)
                line, is_new = column, True
            line += f"{'' if is_new else ' '}{text}{comma}"
            self.end = item.at.stop
            following = items[i + 1].at.start if comma else item.at.stop
            if comma and self.comments and self.comments[0].at.start < following:
                self.lines.append(line)
                self.end = self.source.text.index(",", item.at.stop)
                self._put_trailing(following)
                self._put_comments(following, column, is_first=True)
                line = column
        self.lines.append(line)

    def _put_block(self, block: Block, indent: str, word: str) -> None:
        inside, stop = block.statements, block.at.stop - 1
        has_comments = bool(self.comments) and self.comments[0].at.start < stop
        if not has_comments and len(inside) <= 1 and self._fits_one_line(block, inside):
            text = " ".join(
                filter(None, (s.word.at.text + (f" {_list_of(s.items)}" if s.items else "") for s in inside))
            )
            self.lines[-1] += f" {{ {text} }}" if text else " {}"
        else:
            self.lines[-1] += " {"
            self.end = block.at.start + 1
            self._put_trailing(inside[0].at.start if inside else stop)
            self.put_statements(inside, indent + INDENT, word, stop)
            self.lines.append(f"{indent}}}")
        self.end = block.at.stop

    def _fits_one_line(self, block: Block, inside: Sequence[Statement]) -> bool:
        if not inside:
            return True
        (statement,) = inside
        was_one = "\n" not in block.at.text
        said = f" {{ {statement.word.at.text} {_list_of(statement.items)} }}"
        return was_one and statement.block is None and len(self.lines[-1]) + len(said) <= WIDTH


def _list_of(items: Sequence[Item]) -> str:
    return ", ".join(map(_text_of, items))


def _text_of(item: Item) -> str:
    return " ".join(
        " + ".join(atom.at.text for atom in part.parts) if isinstance(part, Sum) else part.at.text
        for part in item.parts
    )


def _may_open_a_line(item: Item) -> bool:
    """A field that opens a line, and says something, would be read as a statement of its own."""
    first = item.parts[0]
    return (
        len(item.parts) == 1 or not isinstance(first, Word) or not any(first.text in block for block in BLOCKS.values())
    )
