"""A study with every default written out is a spec that means the same."""

from pathlib import Path

import pytest
from attrs import evolve
from studies import facts_of, spec_of

from ticketlang.differences import Difference, differences
from ticketlang.lay_out import lay_out
from ticketlang.phrasing import statements_of, text_of
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study

ROOT = Path(__file__).parents[2]
FILES = [*ROOT.glob("specs/*.ticket"), *ROOT.glob("examples/**/*.ticket")]
SPECS = [file for file in FILES if "\nstudy " in file.read_text()]

TICKET = "ticket imp { source a, b; prune magnitude of encoder; sparsity 50%, 70% of original"
BODIES = {
    "axes": "ticket imp { source a + b, b; prune magnitude per layer of encoder, magnitude of encoder + pooler\n"
    "sparsity 10% to 50% by 10% of remaining; rewind 0 steps, 1 step of pruned matrices, nothing\n"
    "schedule each round, over 3 rounds; first prune, train; head fresh, carried in search }",
    "recipes": f"{TICKET}; rate 1e-3, 0.5 linear; batch 32 examples, 1 example; train 2 epochs, 7 steps\n"
    "optimizer adamw clip none; warmup 2.5% of training }",
    "limits": f"{TICKET}; limit 10 examples, all examples }}",
    "one shot": "ticket imp { source a; prune magnitude of encoder; rounds 1; sparsity 12.5%, 70% of original }",
    "deep": "ticket imp { source a; prune magnitude of encoder; sparsity 20% to 99.9% by 20% of remaining }",
    "methods": "ticket imp { source a; prune random of encoder, lamp erk of encoder, magnitude of neurons + heads,\n"
    "snip per layer of heads over 3 batches, snip of encoder, snip of encoder over 1 batch, movement of encoder,\n"
    "synflow per layer of encoder over 7 iterations; sparsity 50%, 70% of original }",
    "gradual": "ticket imp { source a; prune gradual magnitude of encoder,\n"
    "gradual magnitude per layer of heads from 0 steps to 1 epoch every 3 steps,\n"
    "gradual magnitude of encoder from 0% to 5% of training\n"
    "sparsity 50%, 70% of original }; baselines gradual_run",
    "combined": "ticket imp { source a, b; prune magnitude of encoder; sparsity 50% of original }\n"
    "ticket more { source a + b; prune magnitude of encoder; sparsity 50% of original }\n"
    "baselines turned, both, common",
    "patterns": "ticket imp { source a; prune magnitude 2:4 of encoder, snip 1:2 of encoder + pooler over 3 batches\n"
    "sparsity 50% of original }",
    "path": "ticket imp { source a; prune magnitude of encoder; rounds 10% to 90% by 10% of remaining\n"
    "sparsity 19%, 40.951% }",
    "claims": TICKET + "}\n"
    "baselines dense, random_mask, random_init, shuffled_init, random_layer_mask\n"
    "transfer imp at 50%, 70% to b, a\nmatch within 0.5 points of dense\n"
    "claim x { imp from a at 50% beats random_mask by 2.5 points on most other targets of a, b }\n"
    "claim y { imp matches dense on b }\nclaim z { imp is at least imp from target }\nreport mask_overlap",
    "published": TICKET + "; rewind 0 steps, 1 step }\nbaselines dense, random_mask\ntransfer imp at 50% to a, b\n"
    'published "Table 2" { dense on a 82.4 sd 0.5, b 90; imp from a at 50% on b 3.65 below dense, a 0.2 above dense }\n'
    'published "Table 4" { imp matches dense on a up to 70%, b up to 50%; random_mask at 50% on a 0 }',
    "long numbers": f"{TICKET} }}\nmatch within 123456789012345678901234567890.12345678901234567890 points of dense",
    "mean": f"{TICKET} }}\nmatch within 0 points of dense",
    "shown": f"{TICKET} }}\nmatch within 1 point of dense with 99.5% confidence",
    "not shown": f"{TICKET} }}\nmatch unless below dense with 95% confidence",
    "files": 'ticket given { source file "a/b.pt" missing by magnitude; prune magnitude of encoder\n'
    'sparsity 69.52% of original }\nticket more { source file "c.safetensors"; prune magnitude of encoder + pooler\n'
    "sparsity 50% of original }\ntransfer given to a; transfer more to b\nbaselines random_layer_mask, dense",
    "precision": f'{TICKET} }}\nprecision bf16; question "What? \\ \u00e9"; match within 2 sd of dense using pooled sd',
}


ARMS = """
arm turned { mask inverted of ticket }
arm both { mask union of ticket with imp from b }
arm common { mask intersection of ticket with more from a + b }
"""


def study_of(text: str, name: str = "s", path: Path | None = None) -> Study:
    found = check(Source(name, text, path))
    assert found.study is not None, [f"{d.at}: {d.message}" for d in found.diagnostics]
    return found.study


def bare(study: Study) -> Study:
    """Without the words in which its claims were written."""
    return evolve(study, claims=tuple(evolve(claim, sentence="") for claim in study.claims))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_default_written_out_means_the_same(body: str) -> None:
    study = study_of(ARMS + spec_of(body))
    again = study_of(text_of(statements_of(study)))
    assert bare(again) == bare(study)
    assert text_of(statements_of(again)) == text_of(statements_of(study))


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.name)
def test_the_studies_that_ship_give_the_same_plan(spec: Path) -> None:
    study = study_of(spec.read_text(encoding="utf-8"), spec.name, spec)
    again = study_of(text_of(statements_of(study)))
    assert bare(again) == bare(study)
    assert lay_out(again, facts_of(again)).jobs == lay_out(study, facts_of(study)).jobs


def test_seeds_taken_apart() -> None:
    for said in ("search 1, 2; head 3 to 5; mask 0", "order 1, 2; masking 2, 3"):
        spec = spec_of(BODIES["deep"], seeds=f"{{ {said} }}")
        assert study_of(text_of(statements_of(study_of(spec)))).seeds == study_of(spec).seeds


def test_what_two_studies_say_differently() -> None:
    before = spec_of(BODIES["claims"])
    after = before.replace("sparsity 50%, 70%", "rewind 5% of training; sparsity 50%, 70%").replace(
        "seeds 1, 2", "seeds 1, 2, 3"
    )
    after = after.replace("train 2 epochs", "train 3 epochs", 1).replace("claim y { imp", "claim w { imp")
    found = differences(study_of(before), study_of(after))

    assert found == (
        Difference("", "seeds", "1, 2", "1, 2, 3"),
        Difference("ticket imp", "rewind", "0 steps of everything", "5% of training of everything"),
        Difference("claim y", "", "imp matches dense on every target of b", None),
        Difference("task a", "train", "2 epochs", "3 epochs"),
        Difference("claim w", "", None, "imp matches dense on every target of b"),
    )


def test_published_numbers_are_told_apart_by_what_they_are_of() -> None:
    before, after = spec_of(BODIES["published"]), spec_of(BODIES["published"].replace("3.65 below", "3.5 above"))
    after = after.replace("random_mask at 50% on a 0", "random_mask at 50% on b 0")
    assert differences(study_of(before), study_of(after)) == (
        Difference('published "Table 2"', "imp from a at 50% on b", "3.65 below dense", "3.5 above dense"),
        Difference('published "Table 4"', "random_mask at 50% on a", "0", None),
        Difference('published "Table 4"', "random_mask at 50% on b", None, "0"),
    )


def test_what_a_study_has_no_place_for_is_not_written_out() -> None:
    """A published number may be of a task or an arm that the study does not use; its whole text has neither."""
    body = BODIES["published"].replace("baselines dense, random_mask", "baselines dense")
    said = text_of(statements_of(study_of(spec_of(body))))
    assert "random_mask" not in said
    assert "imp matches dense on a up to 70%" in said


def test_layout_and_order_are_no_difference() -> None:
    one = study_of(spec_of(BODIES["claims"]))
    other = study_of("# a comment\n" + spec_of(BODIES["claims"], tasks=("b", "a")).replace("; ", "\n\n"))
    assert differences(one, other) == ()
