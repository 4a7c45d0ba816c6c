"""Every study that ships runs to its end: on a model of two layers, on tasks of colours, with fewer sources and rounds.

Each stands as it is but for what its sizes are: `extends` puts the small world in place of the model and the data.
"""

from pathlib import Path

import pytest
from small_world import make_data, make_model

from ticketlang.cli import main

ROOT = Path(__file__).parents[2]
# The pre-training of the micro-BERT reads the built-in world: tests/micro/test_model.py runs it.
SPECS = sorted(path for path in (ROOT / "specs").glob("*.ticket") if path.stem != "micro")

SIZES = "train 2 steps; batch 4 examples; length 16 tokens; limit evaluation 8 examples"
SMALL = f"""
use {{library}}

task sst2 extends sst2 {{{{ data files "warm/{{{{split}}}}.jsonl"; text text; {SIZES} }}}}
task cola extends sst2 {{{{ metric matthews, accuracy }}}}
task mrpc extends mrpc {{{{ data files "same/{{{{split}}}}.jsonl"; text one, two; {SIZES} }}}}
task rte extends mrpc {{{{ metric accuracy }}}}
task wnli extends rte {{{{ }}}}
task qnli extends rte {{{{ }}}}
task qqp extends mrpc {{{{ }}}}
task mnli extends rte {{{{ }}}}
task stsb extends stsb {{{{ data files "count/{{{{split}}}}.jsonl"; text one, two; {SIZES} }}}}
task squad extends squad {{{{ data files "spans/{{{{split}}}}.jsonl"; stride 4 tokens; {SIZES} }}}}
task mlm extends mlm {{{{ data files "text/{{{{split}}}}.txt"; splits train, validation; {SIZES} }}}}

study small extends "{{spec}}" {{{{
  model folder "model"
  seeds 1, 2
}}}}
"""

# What is said differently, so that each study takes seconds: nothing that it is about.
ONE_ROUND = ("imp.sparsity 70% of original",)
TWO_ROUNDS = ("imp.rounds 50%, 70% of original",)
FEWER = {
    "curves": ("imp.source mlm, squad, stsb", "imp.sparsity 40%, 70% of original"),
    "later_points": (*TWO_ROUNDS, *(f"late_{p}.rounds 50%, 70% of original" for p in (5, 10, 20, 50)), "seeds 1"),
    "less_data": (*TWO_ROUNDS, "as_sst2.rounds 50%, 70% of original", "as_cola.rounds 50%, 70% of original"),
    "matching": tuple(f"imp_{level}.rounds {level - 10}%, {level}% of original" for level in (40, 50, 60, 70, 90)),
    "multi_task": (*TWO_ROUNDS, "joint.source mlm + mnli, mlm + squad", "joint.rounds 50%, 70% of original"),
    "overlap": ("imp.source mlm, mnli, squad", "imp.rounds 60%, 70% of original"),
    "released": ("imp.source mnli, squad", "imp.sparsity 60%, 70% of original", "imp_mlm.sparsity 60%, 70% of original",
                 "seeds 1"),
    "rewinding": tuple(
        f"{name}.{said}"
        for name in ("imp", "late_5", "late_10", "late_20", "late_50")
        for said in ("source mlm, squad", "rounds 50%, 70% of original")
    ),
    "standard": tuple(
        f"{name}.{said}"
        for name in ("imp", "standard")
        for said in ("source mlm, qqp, qnli, mrpc, stsb, wnli, rte, sst2", "rounds 50%, 70% of original")
    ),
    "training_size": (*ONE_ROUND, "imp.source mlm, mnli, squad, stsb, rte, wnli", "seeds 1"),
    "transfer": (*ONE_ROUND, "imp.source mlm, mnli, squad", "seeds 1"),
    "universal": (*ONE_ROUND, "imp.source mlm, mnli, squad", "seeds 1"),
}  # fmt: skip
FEWER["strict"] = FEWER["curves"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    make_model(folder / "model", has_head=True)
    make_data(folder)
    return folder


def test_every_spec_is_run() -> None:
    assert {path.stem for path in SPECS} == FEWER.keys()


@pytest.mark.parametrize("spec", SPECS, ids=[path.stem for path in SPECS])
def test_a_study_that_ships_runs_to_its_end(
    spec: Path, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every job is done, each certificate holds, and each claim has a verdict or is said to have too few runs."""
    library = "chen2020.released" if spec.stem == "released" else "chen2020"
    small = world / f"{spec.stem}.ticket"
    small.write_text(SMALL.format(library=library, spec=spec), encoding="utf-8")
    settings = [word for said in FEWER[spec.stem] for word in ("--set", said)]
    where = [str(small), "--store", str(tmp_path / "store"), *settings]
    assert main(["run", *where]) == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert "Finished" in out
    assert "failed" not in out

    assert main(["plan", *where]) == 0
    assert "No work: all" in capsys.readouterr().out.splitlines()[-1]
