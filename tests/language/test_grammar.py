"""The parse table that ships is that of the grammar, and the tree is what was written."""

from ticketlang.grammar import TABLE, fresh_table
from ticketlang.parse import parse
from ticketlang.source import Source
from ticketlang.syntax import Number, Percent, String, Sum, Word


def test_the_parse_table_is_that_of_the_grammar() -> None:
    """`python -m ticketlang.grammar` makes it anew."""
    assert TABLE.read_text(encoding="utf-8") == fresh_table()


def test_a_statement_is_a_word_a_phrase_and_a_block() -> None:
    source = Source("s", 'a b "c d" 1.5, 50% + e { f }')
    tree, complaints = parse(source)
    assert not complaints
    assert tree is not None
    (statement,) = tree.statements
    assert statement.word.at.text == "a"
    assert statement.phrase is not None
    first, second = statement.phrase.items
    assert [type(part) for part in first.parts] == [Word, String, Number]
    (sum_,) = second.parts
    assert isinstance(sum_, Sum)
    assert [type(atom) for atom in sum_.parts] == [Percent, Word]
    assert statement.block is not None
    assert [inner.word.at.text for inner in statement.block.statements] == ["f"]
    assert statement.at.text == 'a b "c d" 1.5, 50% + e'
    assert statement.block.at.text == "{ f }"


def test_comments_are_kept_with_their_places() -> None:
    tree, _ = parse(Source("s", '# first\na b, # second\n  c # third\nd "# none" # fourth'))
    assert tree is not None
    assert [comment.text for comment in tree.comments] == ["# first", "# second", "# third", "# fourth"]
    assert [comment.at.line_and_column for comment in tree.comments] == [(1, 1), (2, 6), (3, 5), (4, 12)]
    assert all(comment.at.text == comment.text for comment in tree.comments)


def test_line_ends_of_any_kind() -> None:
    unix, _ = parse(Source("s", "a b\nc d\n"))
    windows, _ = parse(Source("s", "a b\r\nc d\r\n"))
    assert unix == windows


def test_after_a_mistake_the_next_line_is_read() -> None:
    tree, complaints = parse(Source("s", "a b ? c\nd e\n"))
    assert [complaint.code for complaint in complaints] == ["unreadable-text"]
    assert tree is not None
    assert [statement.word.at.text for statement in tree.statements] == ["a", "d"]
