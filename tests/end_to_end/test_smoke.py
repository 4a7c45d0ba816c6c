"""`ticketrun smoke`: every kind of job of a study runs, what stands in is said, what would fail is found."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import copytree

import pytest
from desk import ENVIRONMENT
from small_world import COLD, WARM, make_model, write_lines

from ticketlang.cli import main
from ticketlang.lay_out import lay_out
from ticketlang.pipeline import check
from ticketlang.plan import Facts
from ticketlang.smoke import kinds_of
from ticketlang.source import Source

TASK = """
task warm {
  kind classify sentence
  data files "warm/{split}.jsonl"
  text text
  label label
  metric accuracy, f1
  train 2 epochs
  batch 16 examples
  rate 1e-3 linear
  length 16 tokens
}
"""

STUDY = """
study small {
  model folder "model"
  seeds 1, 2

  ticket imp {
    source warm
    prune magnitude global of encoder
    sparsity 30%, 60% of original
    rewind 0 steps
  }

  baselines dense, random_mask
  match within 1 sd of dense using larger sd
  claim as_good { imp at 60% matches dense on every target }
  report sparsity_curves
}
"""

# Every kind of task, every way to prune, to rewind, to mask and to begin, and every section of the report.
EVERYTHING = (
    """
task text {
  kind masked words; data files "text/{split}.txt"; splits train, 20% of train; text text
  metric masked_accuracy, masked_likelihood
  train 3 epochs; batch 16 examples; rate 2e-3 linear; length 128 tokens; head pretrained
}
task spans {
  kind answer spans; data hub "rajpurkar/squad"; text question, context; label answers
  train 2 epochs; batch 16 examples; rate 2e-3 linear; length 64 tokens; stride 24 tokens
  evaluate best on validation
}
task warm {
  kind classify sentence; data files "warm/{split}.csv"; text text; label label; metric accuracy, f1, matthews
  train 2 epochs; batch 16 examples; rate 2e-3 linear; warmup 10% of training; length 64 tokens
  limit 1000 examples; limit evaluation 100 examples
}
task same extends warm { kind classify pair; text one, two; label label, classes 3; metric accuracy }
task count extends same { kind score pair; label score; metric pearson, spearman }

arm turned { mask inverted of ticket; weights of ticket }
arm both { mask union of ticket with snip from warm; weights of ticket }
arm common { mask intersection of ticket with snip from warm; weights of ticket }
arm redrawn { weights random pruned matrices }
arm layers { weights shuffled layers }
arm untrained { mask none; weights random all }
arm there { rewind 20% of training on target }

study whole {
  model hub "google-bert/bert-base-uncased"
  precision bf16
  seeds { order 1, 2; masking 1 }

  ticket imp {
    source warm, text + warm
    prune magnitude global of encoder
    sparsity 30%, 50%, 70% of original
    rewind 0 steps, 20% of training of pruned matrices, rates to 20% of training, nothing
  }
  ticket snip { source warm, same; prune snip global of encoder over 2 batches; sparsity 50%, 70% of original;
                rewind 0 steps; first prune }
  ticket lamp { source count; prune lamp per layer of encoder; sparsity 50% of original; rewind 5% of training;
                limit 100 examples, all examples }
  ticket movement { source spans; prune movement global of encoder; sparsity 50% of original }
  ticket flow { source none; prune synflow global of encoder + pooler over 5 iterations; rounds 1;
                sparsity 50%, 60%, 90% of original }
  ticket chance { source text; prune random erk of encoder; sparsity 50% of original }
  ticket pattern { source text; prune magnitude 2:4 of encoder; sparsity 50% of original; head pretrained in search;
                   head pretrained in transfer }
  ticket units { source warm; prune magnitude global of heads + neurons; sparsity 50% of original;
                 schedule over 4 rounds; head carried in search }
  ticket slowly { source same; prune gradual magnitude of encoder; sparsity 50%, 80% of original; train 4 epochs }
  ticket given { source file "mask.pt" missing by magnitude; prune magnitude global of encoder;
                 sparsity 40% of original }

  baselines dense, random_mask, random_layer_mask, random_init, shuffled_init, turned, both, common, redrawn, layers,
      untrained, gradual_run, there
  transfer imp at 70% to count, spans, text
  transfer flow at 60% to warm
  transfer given at 40% to warm
  transfer pattern at 50% to text
  match within 1 point of dense with 95% confidence

  claim above_chance { imp at 70% is at least random_mask at 70% on every target }
  claim winning { imp from target at 70% matches dense on most targets }
  claim beside_snip { imp from warm at 50% beats snip from warm at 50% by 2 points on some target }
  report matching, transfer_matrix, training_size, sparsity_curves, mask_overlap, mask_distance, layer_sparsity,
      mode_connectivity
}
""".replace(";", "\n")
    .replace("{ ", "{\n")
    .replace(" }", "\n}")
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model and a task, and one for whatever is temporary; the former is where we are."""
    for name in ("desk", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    make_model(tmp_path / "desk" / "model", has_pooler=False)
    for split, numbers in (("train", range(60)), ("validation", range(30))):
        write_lines(Path(f"warm/{split}.jsonl"), [row(n) for n in numbers])
    Path("small.ticket").write_text(TASK + STUDY)
    return tmp_path / "desk"


def row(number: int) -> dict[str, object]:
    colour = (*WARM, *COLD)[number % 6]
    return {
        "text": f"the {colour} thing",
        "label": int(number % 6 < 3),
        "named": "yes" if number % 2 else "no",
        "one": 1,
    }


def test_every_construct_runs_with_every_kind_of_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "all.ticket").write_text(EVERYTHING)
    study = check(Source("all.ticket", EVERYTHING)).study
    assert study is not None
    kinds = set(kinds_of(lay_out(study, Facts.made_up(study))).values())

    assert main(["smoke", str(tmp_path / "all.ticket")]) == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert f"Smoke: {len(kinds)} of {len(kinds)} kinds of job ran" in out
    assert all(kind in out for kind in kinds)
    assert "none" not in out.split()
    for what, why in (("model", "google-bert/bert-base-uncased is not on this machine"),
                      ("task spans", "hub rajpurkar/squad is not on this machine"),
                      ("task warm", "warm/train.csv is not there"),
                      ("mask of given/file", "drawn at random")):  # fmt: skip
        assert any(line.startswith(what) and "stand-in" in line and why in line for line in out.splitlines()), what


def test_own_examples_are_read_and_nothing_is_left_behind(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(desk.rglob("*"))
    assert main(["smoke", "small.ticket"]) == 0, capsys.readouterr()
    out, told = capsys.readouterr()
    first, reading, *jobs = told.splitlines()  # nobody sees them in a terminal, so each has a line
    assert (first, reading) == ("smoke small.ticket", "smoke small.ticket: reading")
    assert jobs[0].startswith(f"smoke small.ticket: 0 of {len(jobs)} jobs done, next ")
    assert jobs[-1].startswith(f"smoke small.ticket: {len(jobs) - 1} of {len(jobs)} jobs done, next ")
    assert "its own: 60 rows of train, 30 rows of validation are right" in out
    assert "stand-in" not in out
    assert "accuracy" not in out  # no score, and nothing that looks like one
    assert "holds" not in out
    assert sorted(desk.rglob("*")) == before
    assert not list(Path(tempfile.gettempdir()).iterdir())


def test_what_was_made_is_kept_where_that_is_asked_for(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smoke", "small.ticket", "--keep", "kept"]) == 0, capsys.readouterr()
    (made,) = (desk / "kept").iterdir()
    assert list((made / "store" / "artifacts").iterdir())
    rows = [json.loads(line) for line in (made / "data/warm/train.jsonl").read_text().splitlines()]
    assert {row["label"] for row in rows} == {0, 1}
    assert main(["smoke", "small.ticket", "--keep", "kept"]) == 2


@pytest.mark.parametrize(
    ("said", "instead", "status", "sentence"),
    [
        ("text text", "text words", 1, "error[missing-column]: `warm/train.jsonl` has no column `words`"),
        ("label label", "label answer", 1, "error[missing-column]"),
        ("label label", "label named", 1, "error[named-f1]"),
        ("label label", "label one, classes 2", 4, "every label of validation is 1"),
        ("metric accuracy, f1", "kind_", 1, "error[unknown-field]"),
        ("{split}.jsonl", "{split}.csv", 0, "warm/train.csv is not there"),
        ("warm/{split}", "{split}", 0, "train.jsonl is not there"),
        ("length 16", "length 64", 1, "error[longer-than-model]"),
        ("of encoder", "of encoder + pooler", 1, "error[scope-not-in-model]"),
        ("train 2 epochs", "train 1 epoch", 4, "is step"),
    ],
)
def test_what_would_fail_is_found(
    desk: Path, capsys: pytest.CaptureFixture[str], said: str, instead: str, status: int, sentence: str
) -> None:
    """Each is found before any cluster is asked, and the rest runs all the same."""
    spec = TASK + STUDY.replace("rewind 0 steps", "rewind 0 steps, 6 steps")
    assert said in spec
    Path("bad.ticket").write_text(spec.replace(said, instead))
    found = main(["smoke", "bad.ticket"])
    told = capsys.readouterr()
    assert sentence in " ".join((told.out + told.err).split())
    assert found == status
    if "unknown-field" not in sentence:
        assert "kinds of job ran" in told.out


def test_one_split_without_another_is_a_mistake(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "warm" / "validation.jsonl").unlink()
    assert main(["smoke", "small.ticket"]) == 1
    assert "error[missing-data-file]" in capsys.readouterr().err


def test_levels_that_empty_a_matrix_are_told(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_tiny_matrix(desk / "model")
    assert main(["smoke", "small.ticket"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "imp at 30%: less than a hundredth of `encoder.layer.0.attention.self.query.weight` is left" in out


def make_tiny_matrix(model: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    name = next(name for name in weights if name.endswith("layer.0.attention.self.query.weight"))
    save_file({**weights, name: weights[name] * 1e-6}, model / "model.safetensors", {"format": "pt"})


def test_several_specs_end_in_one_table(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The gravest status is that of all of them."""
    copytree(desk / "warm", desk / "other")
    Path("wrong.ticket").write_text((TASK + STUDY).replace("text text", "text words"))
    Path("none.ticket").write_text("study")
    assert main(["smoke", "small.ticket", "wrong.ticket", "none.ticket"]) == 1
    *_, small, wrong, none = capsys.readouterr().out.splitlines()
    assert small.split()[0] == "small.ticket"
    assert small.split()[-1] == "runs"
    assert wrong.split()[-1] == "fails"
    assert none.split() == ["none.ticket", "not", "a", "study"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing_behind(desk: Path, by: signal.Signals) -> None:
    temporary = Path(tempfile.gettempdir())
    command = [sys.executable, "-m", "ticketlang", "smoke", "small.ticket"]
    environment = {**ENVIRONMENT, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=desk, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not list(temporary.glob("ticketlang-smoke-*/*/data")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(by)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(timeout=120) == 128 + by, said
    assert "interrupted; what was made is dropped" in said
    assert "Traceback" not in said
    assert not list(temporary.glob("ticketlang-smoke-*"))
    assert not (desk / ".ticketlang").exists()
