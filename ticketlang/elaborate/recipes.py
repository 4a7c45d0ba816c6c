"""How a network is trained: the fields that a task and a ticket have in common."""

from fractions import Fraction
from typing import Any, Literal

from attrs import evolve, frozen

from ..study import Optimizer
from ..syntax import Number
from ..units import Duration
from .phrases import Reader, check_above_zero


@frozen(repr=False)
class Rate:
    """A peak learning rate and its schedule."""

    peak: Fraction
    schedule: str


def take_training(phrase: Reader) -> Duration:
    number = phrase.next
    length = phrase.take_duration("epochs", "steps")
    if isinstance(number, Number) and not number.value:
        raise phrase.out_of_range(number, "a length of training", "above zero")
    return length


def take_batch(phrase: Reader) -> int:
    return phrase.take_count("examples")


def take_rate(phrase: Reader) -> Rate:
    number = phrase.take_number("a learning rate such as `2e-5`")
    peak = check_above_zero(phrase, number, "a learning rate")
    return Rate(peak, "linear" if phrase.next is None else phrase.take_one_of("linear"))


def take_warmup(phrase: Reader) -> Duration:
    return phrase.take_point()


def take_optimizer(phrase: Reader) -> Optimizer:
    """`adamw epsilon 1e-8 decay 0 clip 1`: what is not said stands as in `Optimizer`."""
    optimizer = Optimizer(method=phrase.take_one_of("adamw"))
    left = ["epsilon", "decay", "clip"]
    while left and phrase.next is not None:
        setting = phrase.take_one_of(*left)
        left.remove(setting)
        if setting == "clip" and phrase.takes("none"):
            optimizer = evolve(optimizer, clip=None)
            continue
        number = phrase.take_number("a number")
        if setting != "decay":
            check_above_zero(phrase, number, f"`{setting}`")
        match setting:
            case "epsilon":
                optimizer = evolve(optimizer, epsilon=number.value)
            case "decay":
                optimizer = evolve(optimizer, decay=number.value)
            case "clip":
                optimizer = evolve(optimizer, clip=number.value)
    return optimizer


def recipe_fields(rate: Rate | None) -> dict[str, Any]:
    """A rate as the two fields of a recipe."""
    return {} if rate is None else {"rate": rate.peak, "schedule": rate.schedule}


def take_limit(phrase: Reader) -> int | Literal["all"]:
    """`4000 examples`, `all examples`."""
    return "all" if phrase.takes("all", "examples") else phrase.take_count("examples")
