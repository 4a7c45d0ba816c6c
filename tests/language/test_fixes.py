"""A fix is certain: it mends its mistake, makes no other, and leaves alone what may be meant in two ways."""

import pytest

from ticketlang.diagnostics.fixes import is_slip
from ticketlang.pipeline import check, fixed_text
from ticketlang.source import Source

FRAME = """\
task a {{
  kind classify sentence
  data files "a/{{split}}.jsonl"
  text sentence
  label label
  {task}
  length 32 tokens
}}
study s {{
  model folder "m"
  seeds 1, 2
  ticket imp {{
    source a
    {ticket}
  }}
  {study}
}}
"""
RIGHT = {
    "task": "train 1 epoch; batch 8 examples; rate 1e-4 linear",
    "ticket": "prune magnitude global of encoder; sparsity 50% of original",
    "study": "baselines dense",
}

PRUNED = RIGHT["ticket"].replace(" global", "")
TO_ANOTHER = "baselines dense; transfer imp at 50% to t\n}\ntask t"
MASKED = 'kind masked words; data files "t/{split}.txt"; text text'


def program(**wrong: str) -> Source:
    return Source("s.ticket", FRAME.format(**RIGHT | wrong))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"study": "baselines dense,"}, {"study": "baselines dense"}),
        ({"study": "baselines dense, dense"}, {"study": "baselines dense"}),
        ({"study": "baseline: dense"}, {"study": "baselines dense"}),
        ({"study": "baselines dense; report mask_overlapp"}, {"study": "baselines dense; report mask_overlap"}),
        ({"study": "question 'why'"}, {"study": 'question "why"'}),
        ({"study": "question “why”"}, {"study": 'question "why"'}),
        ({"study": "question „why so, and # not“"}, {"study": 'question "why so, and # not"'}),
        ({"study": "question = 'why so'"}, {"study": 'question "why so"'}),
        (
            {"study": "// what else\nbaselines [dense, random_mask]"},
            {"study": "# what else\nbaselines dense, random_mask"},
        ),
        ({"study": "baselines Dense\uff0c \u201crandom_mask\u201d"}, {"study": "baselines dense, random_mask"}),
        (
            {"ticket": "prune magnitude of encoder; sparsity (30, 50]% of original"},
            {"ticket": "prune magnitude of encoder; sparsity 30%, 50% of original"},
        ),
        (
            {"task": "train 1 epoch; batch 8 examples; rate 1e-4 linear; warmup 5%"},
            {"task": "train 1 epoch; batch 8 examples; rate 1e-4 linear; warmup 5% of training"},
        ),
        (
            {"study": "claim c\n  {\n imp at 50% beats dense by 2 }\n  baselines dense"},
            {"study": "claim c {\n   imp at 50% beats dense by 2 points }\n  baselines dense"},
        ),
        (
            {"ticket": "prune magnitud of encodre; sparsity 50 of orignal"},
            {"ticket": "prune magnitude of encoder; sparsity 50% of original"},
        ),
        (
            {"ticket": f"{PRUNED}\n  }}\n  ticket bare {{\n    source none; {PRUNED}\n    rewind 1 epoch"},
            {"ticket": f"{PRUNED}\n  }}\n  ticket bare {{\n    source none; {PRUNED}"},
        ),
        (
            {"ticket": "prune gradual magnitude of encoder; rounds 25%, 50% of original; sparsity 50% of original"},
            {"ticket": "prune gradual magnitude of encoder; sparsity 50% of original"},
        ),
        (
            {"ticket": "prune magnitude of encoder; sparsity 50% of original; head carried in transfer"},
            {"ticket": "prune magnitude of encoder; sparsity 50% of original"},
        ),
        (
            {"ticket": "first prune; prune movement of encoder; sparsity 50% of original"},
            {"ticket": "first train; prune movement of encoder; sparsity 50% of original"},
        ),
        (
            {"study": "baselines dense; claim c { imp at 50% is at least dense from a at 50% }"},
            {"study": "baselines dense; claim c { imp at 50% is at least dense }"},
        ),
        (
            {"task": "train 1 epoch; batch 8 examples; rate 1e-4 linear; stride 8 tokens; head pretrained  # why"},
            {"task": "train 1 epoch; batch 8 examples; rate 1e-4 linear; head fresh  # why"},
        ),
        (
            {"study": f"{TO_ANOTHER} {{\n  {MASKED}\n  label label\n  {RIGHT['task']}; length 8 tokens"},
            {"study": f"{TO_ANOTHER} {{\n  {MASKED}\n  {RIGHT['task']}; length 8 tokens"},
        ),
        (
            {"task": "train 1epoch; batch_size 8; lr 1e-4 lineer"},
            {"task": "train 1 epoch; batch 8 examples; rate 1e-4 linear"},
        ),
    ],
    ids=lambda parts: next(iter(parts.values())).splitlines()[0],
)
def test_what_can_be_mended_in_one_way_is(wrong: dict[str, str], right: dict[str, str]) -> None:
    text, count = fixed_text(program(**wrong))
    assert count >= 1
    assert text.split() == program(**right).text.split()
    assert not [d for d in check(Source("s.ticket", text)).diagnostics if d.severity == "error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ticket": "prune magnitude of encoder; sparsity 0.5 of original"},  # 0.5% or 50%
        {"ticket": "prune magnitude of encoder; sparsity 50%"},  # of what?
        {"study": "match within 1 of dense"},  # sd or points
        {"study": "baselines dence"},  # an arm may be called anything
        {"study": "baselines dense\n}\ntask b extends b { limit 10 examples"},  # there is no other of this name
        {"study": "report range(3)"},  # no name and its brackets
        {"study": "question don't, they're fine"},  # apostrophes, and no quotes
        {"study": "baselines dense, # the network\n dense"},  # a comment stands between
        {"task": "train 3; batch 8 examples; rate 1e-4"},  # epochs or steps
        {"task": "epochs 3; batch 8 examples; rate 1e-4"},  # `train` says more than a number
        {  # of one ticket of the block there is a training to go back in
            "ticket": f"{PRUNED} }}\n  ticket two {{ source none, a; rewind 1 epoch; {PRUNED}"
        },
        {"study": f"{TO_ANOTHER} extends a {{ {MASKED}"},  # the label is that of the other task, too
    ],
    ids=lambda parts: next(iter(parts.values())),
)
def test_what_may_be_meant_in_two_ways_is_left(wrong: dict[str, str]) -> None:
    source = program(**wrong)
    assert [d for d in check(source).diagnostics if d.severity == "error"]
    assert fixed_text(source) == (source.text, 0)


def test_a_right_program_is_left_alone() -> None:
    assert fixed_text(program()) == (program().text, 0)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("encodr", "encoder"), ("encoderr", "encoder"), ("encodar", "encoder"), ("ecnoder", "encoder"), ("F1", "f1")],
)
def test_a_slip_is_one_letter_away(name: str, meant: str) -> None:
    assert is_slip(name, meant)


@pytest.mark.parametrize(("name", "meant"), [("f2", "f1"), ("encdr", "encoder"), ("decoders", "encoder"), ("", "f1")])
def test_other_names_are_no_slips(name: str, meant: str) -> None:
    assert not is_slip(name, meant)
