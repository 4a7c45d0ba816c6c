"""Studies that extend others, and settings of the command line: what is said later replaces what was said."""

from pathlib import Path

import pytest
from studies import facts_of, spec_of

from ticketlang.lay_out import lay_out
from ticketlang.pipeline import Checked, check
from ticketlang.source import Source
from ticketlang.study import Study
from ticketlang.units import Sparsity

BODY = """
ticket imp {
  source a, b
  prune magnitude global of encoder
  sparsity 30%, 50%, 70% of original
}
ticket direct {
  source none
  prune magnitude global of encoder
  sparsity 50% of original
}
baselines dense, random_mask
transfer imp at 70% to a, b
transfer direct at 50% to a
match within 1 sd of dense using larger sd
claim one { imp at 70% beats random_mask }
claim two { imp at 70% matches dense }
"""
BASE = spec_of(BODY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.ticket").write_text(BASE, encoding="utf-8")
    return tmp_path


def checked(folder: Path, text: str) -> Checked:
    return check(Source("s.ticket", text, folder / "s.ticket"))


def study_in(folder: Path, text: str) -> Study:
    found = checked(folder, text)
    assert found.study is not None, [f"{d.at}: {d.message}" for d in found.diagnostics]
    return found.study


def base() -> Study:
    study = check(Source("base.ticket", BASE)).study
    assert study is not None
    return study


def codes(found: Checked) -> list[tuple[str, str]]:
    return [(d.code, d.at.text) for d in found.diagnostics]


def test_a_study_that_says_nothing_new_is_the_one_it_extends(folder: Path) -> None:
    small = study_in(folder, 'study s extends "base.ticket" {}')
    assert small == base()


def test_fields_are_replaced_and_lists_are_not_merged(folder: Path) -> None:
    small = study_in(folder, 'study s extends "base.ticket" { seeds 7; baselines dense, random_mask, random_init }')
    assert [str(seeds) for seeds in small.seeds] == ["seed=7"]
    assert [arm.name for arm in small.baselines] == ["dense", "random_mask", "random_init"]
    assert small.tickets == base().tickets


def test_a_ticket_that_is_said_again_says_what_is_different(folder: Path) -> None:
    text = 'study s extends "base.ticket" { ticket imp { sparsity 50%, 70% of original; source b } }'
    small = study_in(folder, text)
    (imp, direct) = small.tickets
    assert (imp.source, imp.pruning) == (("b",), base().tickets[0].pruning)
    assert imp.levels == (Sparsity.percent(50), Sparsity.percent(70))
    assert direct == base().tickets[2]


def test_what_was_said_is_dropped(folder: Path) -> None:
    small = study_in(folder, 'study s extends "base.ticket" { drop claim two; drop match; drop ticket direct\n'
                             "transfer imp at 50% to a\ndrop claim one }")  # fmt: skip
    assert (small.claims, small.match, {t.name for t in small.tickets}) == ((), None, {"imp"})
    assert [(t.ticket, t.targets) for t in small.transfers] == [("imp", ("a",))]


def test_new_blocks_are_added(folder: Path) -> None:
    small = study_in(folder, 'study s extends "base.ticket" { claim three { imp at 70% is at least dense } }')
    assert [claim.name for claim in small.claims] == ["one", "two", "three"]


def test_a_task_of_the_spec_stands_in_for_the_one_of_the_study_it_extends(folder: Path) -> None:
    small = study_in(folder, 'task a extends a { limit 10 examples }\nstudy s extends "base.ticket" {}')
    assert (small.tasks["a"].limit, small.tasks["b"].limit) == (10, None)


def test_a_study_that_extends_one_that_extends_one(folder: Path) -> None:
    (folder / "middle.ticket").write_text('study m extends "base.ticket" { seeds 4; drop claim two }', encoding="utf-8")
    small = study_in(folder, 'study s extends "middle.ticket" { drop claim one }')
    assert (small.name, len(small.seeds), small.claims) == ("s", 1, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('study s extends "gone.ticket" {}', [("unreadable-file", '"gone.ticket"')]),
        ('study s extends "s.ticket" {}', [("uses-itself", '"s.ticket"')]),
        ('study s extends "tasks.ticket" {}', [("extends-no-study", '"tasks.ticket"')]),
        ("study s extends base {}", [("not-understood", "base")]),
        ('study s extends "base.ticket" { drop claim tow }', [("not-there-to-drop", "tow")]),
        ('study s extends "base.ticket" { drop precision }', [("not-there-to-drop", "precision")]),
        ('study s extends "base.ticket" { drop }', [("not-understood", "drop")]),
        ('study s extends "base.ticket" { drop seeds }', [("missing-field", 'study s extends "base.ticket"')]),
        ('study s extends "base.ticket" { seeds 1; seeds 2 }', [("repeated-field", "seeds")]),
        ('study s extends "base.ticket" { sedes 1 }', [("unknown-field", "sedes")]),
    ],
)
def test_mistakes(folder: Path, text: str, expected: list[tuple[str, str]]) -> None:
    (folder / "tasks.ticket").write_text("# nothing\n", encoding="utf-8")
    (folder / "s.ticket").write_text(text, encoding="utf-8")
    assert codes(checked(folder, text)) == expected


def test_a_study_that_extends_nothing_has_nothing_to_drop() -> None:
    found = check(Source("s.ticket", BASE.replace("seeds 1, 2", "seeds 1, 2\n  drop claim one")))
    assert codes(found) == [("nothing-to-drop", "drop claim one")]


# Settings


def set_in(*settings: str) -> Checked:
    return check(Source("s.ticket", BASE), settings=settings)


def test_a_setting_means_what_a_study_that_extends_the_spec_would(folder: Path) -> None:
    settings = ("seeds 3", "imp.sparsity 50% of original", "a.train 1 epoch", "transfer imp at 50% to b",
                "claim one { imp at 50% beats random_mask }", "claim two { imp at 50% matches dense }")  # fmt: skip
    by_setting = set_in(*settings).study
    by_file = study_in(
        folder,
        'task a extends a { train 1 epoch }\nstudy s extends "base.ticket" { seeds 3\n'
        "ticket imp { sparsity 50% of original }\ntransfer imp at 50% to b\n"
        "claim one { imp at 50% beats random_mask }\nclaim two { imp at 50% matches dense } }",
    )
    assert by_setting is not None
    assert by_setting == by_file
    assert lay_out(by_setting, facts_of(by_setting)).jobs == lay_out(by_file, facts_of(by_file)).jobs


def test_the_last_setting_stands() -> None:
    study = set_in("a.train 1 epoch", "a.batch 4 examples", "a.train 2 steps", "seeds 1", "seeds 2, 3").study
    assert study is not None
    recipe = study.tasks["a"].recipe
    assert (str(recipe.train), recipe.batch, len(study.seeds)) == ("2 steps", 4, 2)


@pytest.mark.parametrize(
    ("setting", "code", "at"),
    [
        ("ipm.sparsity 50% of original", "unknown-path", "ipm"),
        ("imp.sparsty 50% of original", "unknown-field", "sparsty"),
        ("imp.sparsity 50", "unit-missing", "50"),
        ("seeds 1,", "trailing-comma", ","),
        ("a.train 1 lap", "wrong-unit", "lap"),
        ("a.rat 1e-3", "unknown-field", "rat"),
        ("use chen2020", "misplaced-field", "use"),
        ("seeds ?", "unreadable-text", "?"),
        ("}", "stray-brace", "}"),
        ("seeds none", "not-understood", "none"),
    ],
)
def test_a_setting_is_checked_like_anything_else(setting: str, code: str, at: str) -> None:
    found = set_in(setting)
    assert (code, at) in codes(found)
    assert {d.at.source.name for d in found.diagnostics if d.code == code} == {"--set"}


def test_published_numbers_are_replaced_as_a_whole_and_dropped(folder: Path) -> None:
    published = 'published "{}" {{ imp at 70% on a {}; dense on b 80 }}\n'
    (folder / "base.ticket").write_text(
        spec_of(BODY + published.format("Table 1", 82) + published.format("Table 2", 83)), encoding="utf-8"
    )
    said = study_in(folder, f'study s extends "base.ticket" {{ {published.format("Table 3", 84)} }}').published
    kept = study_in(folder, 'study s extends "base.ticket" { seeds 1, 2, 3 }').published

    assert [each.where for each in said] == ["Table 3"]
    assert [each.where for each in kept] == ["Table 1", "Table 2"]
    assert study_in(folder, 'study s extends "base.ticket" { drop published }').published == ()
