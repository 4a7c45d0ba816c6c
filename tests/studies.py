"""Studies as text, laid out over made-up facts: planning reads no file."""

from collections.abc import Collection, Mapping
from textwrap import indent

from ticketlang.jobs import FineTune, JobKey, ReachRewindPoint
from ticketlang.lay_out import lay_out, nothing_known
from ticketlang.pipeline import check
from ticketlang.plan import DataFacts, Facts, Known, KnownResults, Plan
from ticketlang.source import Source
from ticketlang.study import Study

TASK = """
task {name} {{
  kind classify sentence
  data files "{name}/{{split}}.jsonl"
  text sentence
  label label
  metric accuracy
  train 2 epochs
  batch 32 examples
  rate 2e-5 linear
  length 64 tokens
}}
"""

TICKET = """
ticket imp {
  source a, b
  prune magnitude global of encoder
  sparsity 30%, 50%, 70% of original
  rewind 0 steps
}
"""

BASELINES = "baselines dense, random_mask, random_init\n"

ONE_TICKET = """
task a {
  kind classify sentence
  data files "a/{split}.jsonl"
  text sentence
  label label
  metric accuracy
  train 1 epochs
  batch 8 examples
  rate 1e-4 linear
  length 32 tokens
}
study s {
  model folder "model"
  seeds 1
  ticket imp {
    source a
    prune magnitude global of encoder
    sparsity 50% of original
    rewind 0 steps
  }
}
"""

# Of the small world: a task of each way to read.
EVERY_KIND = """
task text {
  kind masked words
  data files "text/{split}.txt"
  splits train, 20% of train
  text text
  metric masked_accuracy, masked_likelihood
  train 20 steps
  batch 4 examples
  rate 2e-3 linear
  length 16 tokens
  head pretrained
}
task spans {
  kind answer spans
  data files "spans/{split}.jsonl"
  text question, context
  label answers
  train 2 epochs
  batch 16 examples
  rate 2e-3 linear
  length 14 tokens
  stride 4 tokens
  evaluate best on validation
}
task warm {
  kind classify sentence
  data files "warm/{split}.jsonl"
  text text
  label label
  train 2 epochs
  batch 16 examples
  rate 2e-3 linear
  length 16 tokens
}
"""

SCORED = "ticket imp {{ source a, b; prune {} of encoder; sparsity 30%, 50% of original{} }}\n"


def spec_of(body: str, seeds: str = "1, 2", tasks: Collection[str] = ("a", "b")) -> str:
    """A whole spec around the body of its study."""
    head = "".join(TASK.format(name=name) for name in tasks)
    return f'{head}\nstudy s {{\n  model folder "m"\n  seeds {seeds}\n{indent(body, "  ")}\n}}\n'


def study_of(spec: str) -> Study:
    checked = check(Source("s.ticket", spec))
    assert checked.study is not None, [f"{d.at}: {d.message}" for d in checked.diagnostics]
    return checked.study


def facts_of(study: Study, **changed: str) -> Facts:
    """Facts in which every task's data has its name as digest, but for those that changed."""
    return Facts(model="m", data={name: DataFacts(digest=changed.get(name, name)) for name in study.tasks})


def remembering(plan: Plan, *, keeps_weights: bool = True) -> KnownResults:
    """A store in which everything a plan asked for is done."""

    def known(keys: Collection[JobKey]) -> Mapping[JobKey, Known]:
        return {key: Known(study="s", keeps_weights=keeps_weights) for key in keys if key in plan.jobs}

    return known


def planned(spec: str, known: KnownResults = nothing_known, **changed: str) -> Plan:
    """Lay out a spec: `planned(text, known, b="other digest")`."""
    study = study_of(spec)
    return lay_out(study, facts_of(study, **changed), known)


def jobs(plan: Plan, kind: type) -> list:
    return [planned.job for planned in plan.jobs.values() if isinstance(planned.job, kind)]


def cell(plan: Plan, name: str) -> FineTune:
    (key,) = (key for cell, key in plan.cells.items() if cell.id == name)
    job = plan.jobs[key].job
    assert isinstance(job, FineTune)
    return job


def key_of_job(plan: Plan, job: FineTune | ReachRewindPoint) -> str:
    (key,) = (key for key, entry in plan.jobs.items() if entry.job == job)
    return key
