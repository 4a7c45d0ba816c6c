"""Kinds of task: how many texts an example has, what its answer is, and how that is scored unless said otherwise."""

from attrs import frozen


@frozen(kw_only=True, repr=False, eq=False)
class TaskKind:
    """What `kind` may say in a task."""

    name: str
    texts: int  # columns of input
    has_label: bool
    metrics: tuple[str, ...]  # where the task names none; the first one decides
    example: str  # right statements of a task
    answers_for_whole_inputs: bool = True  # otherwise the head reads single tokens, and never what the pooler makes
    has_pretrained_head: bool = False  # the model comes with one that answers it
    runs: bool = True


WINDOWED = "answer spans"  # the kind whose longer texts are read in windows

TASK_KINDS = {
    kind.name: kind
    for kind in (
        TaskKind(
            name="classify sentence",
            texts=1,
            has_label=True,
            metrics=("accuracy",),
            example="kind classify sentence; text sentence; label label, classes 2",
        ),
        TaskKind(
            name="classify pair",
            texts=2,
            has_label=True,
            metrics=("accuracy",),
            example="kind classify pair; text premise, hypothesis; label label, classes 3",
        ),
        TaskKind(
            name="score pair",
            texts=2,
            has_label=True,
            metrics=("pearson", "spearman"),
            example="kind score pair; text sentence1, sentence2; label label",
        ),
        TaskKind(
            name="answer spans",
            texts=2,
            has_label=True,
            metrics=("span_f1", "exact_match"),
            example="kind answer spans; text question, context; label answers; stride 128 tokens",
            answers_for_whole_inputs=False,
        ),
        TaskKind(
            name="masked words",
            texts=1,
            has_label=False,
            metrics=("masked_accuracy",),
            example="kind masked words; text text; head pretrained",
            answers_for_whole_inputs=False,
            has_pretrained_head=True,
        ),
    )
}
