"""What a table looks like as a picture: values alone, which each writer draws in its own way."""

from typing import Literal

from attrs import frozen

from ..matching import Answer

Role = Literal["dense", "ticket", "baseline"]


@frozen(kw_only=True)
class Point:
    """A place of a curve."""

    x: float
    y: float
    low: float | None = None  # of the band around it
    high: float | None = None
    about: str = ""  # the condition it stands for


@frozen(kw_only=True)
class Curve:
    """Points from left to right."""

    name: str
    role: Role
    points: tuple[Point, ...]


@frozen(kw_only=True)
class Level:
    """A value that others are seen against, all the way across."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    about: str = ""


@frozen(kw_only=True)
class Curves:
    """Lines with bands over two axes."""

    x_name: str
    y_name: str
    curves: tuple[Curve, ...]
    level: Level | None = None
    x_unit: str = ""  # beside the numbers of the axis: `%`
    spread: str = ""  # over what the means are, and how far the bands go


@frozen(kw_only=True)
class Dot:
    """A value with its spread, beside a row of the table."""

    value: float
    low: float | None = None
    high: float | None = None
    other: float | None = None  # what it is to be compared with in this row alone
    role: Role = "ticket"
    about: str = ""


@frozen(kw_only=True)
class Dots:
    """One dot for each row of the table, on one scale."""

    name: str  # of the scale
    dots: tuple[Dot | None, ...]  # as many as there are rows
    level: Level | None = None
    other_name: str = ""  # what the second value of each row is
    spread: str = ""  # over what the means are, and what the lines beside the dots are


@frozen
class Judged:
    """What a rule says of a place of a matrix."""

    answer: Answer | None  # None: the rule does not speak of it
    apart: float | None  # how far it is above what it is compared with, or below, in points


@frozen(kw_only=True)
class Rules:
    """Places of the table in two colours: those that match by a rule, and those that do not."""

    rules: tuple[str, ...]
    against: tuple[str, ...]  # what each of them compares with: `dense`
    shown: int  # which of them the table is counted and coloured by, until a reader chooses another
    in_force: int | None  # which of them the study goes by; None: none
    places: tuple[tuple[tuple[Judged, ...], ...], ...]  # for each row and column of the table one for each rule
    counts: tuple[tuple[str, ...], ...]  # for each row what stands in its last column by each rule
    notes: tuple[str, ...] = ()  # in place of the table's own, which speak of one rule alone

    @property
    def counted(self) -> str:
        """What the last column of the table counts, as a note below it."""
        return f"count: other targets that match by this rule: {self.rules[self.shown]}"


@frozen(kw_only=True)
class Shares:
    """Places of the table from light to dark, by a share between nought and one."""

    places: tuple[tuple[float | None, ...], ...]  # for each row and column of the table


Drawing = Curves | Dots | Rules | Shares
