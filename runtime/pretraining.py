"""Pre-training: the cell of a study in which random weights learn to find masked words, written as a model folder."""

from pathlib import Path

from attrs import evolve

from ticketlang.jobs import FineTune, RandomWeights
from ticketlang.plan import Cell, Plan

from .models.export import write_model
from .store.artifact import Artifact
from .weights.files import HEAD_FILE, WEIGHTS_FILE, read_state
from .workshop import Workshop


def pretraining_in(plan: Plan) -> Cell | None:
    """The first cell that is a pre-training: masked words, all weights random, none of them masked."""
    return next((cell for cell, key in plan.cells.items() if _is_pretraining(plan.jobs[key].job)), None)


def alone(plan: Plan, cell: Cell) -> Plan:
    """The plan of one cell, whose trained weights are kept."""
    narrowed = plan.narrowed((cell,))
    planned = narrowed.jobs[narrowed.cells[cell]]
    assert isinstance(planned.job, FineTune)
    has_weights = planned.known is not None and planned.known.keeps_weights
    kept = evolve(planned, job=evolve(planned.job, keeps_weights=True), known=planned.known if has_weights else None)
    return evolve(narrowed, jobs={**narrowed.jobs, kept.key: kept})


def write_pretrained(artifact: Artifact, model: str, workshop: Workshop, folder: Path) -> None:
    """Write what the cell's job left as a model folder.

    Args:
        model: the digest of the study's model, which gives configuration and tokenizer.

    Raises:
        FileExistsError: the folder is there.
    """
    trunk, head = (read_state(artifact.path(name)) for name in (WEIGHTS_FILE, HEAD_FILE))
    write_model(workshop.model(model), trunk, head, folder)


def _is_pretraining(job: object) -> bool:
    return (
        isinstance(job, FineTune)
        and job.task.kind == "masked words"
        and job.mask is None
        and isinstance(job.weights, RandomWeights)
        and job.weights.over == "all"
    )
