"""Kinds of task: how many texts an example has, what its answer is, and how that is scored unless said otherwise."""

from attrs import frozen


@frozen(kw_only=True, repr=False, eq=False)
class TaskKind:
    """What `kind` may say in a task."""

    name: str
    texts: int  # columns of input
    has_label: bool
    metrics: tuple[str, ...]  # where the task names none; the first one decides
    answers_for_whole_inputs: bool = True  # otherwise the head reads single tokens, and never what the pooler makes
    has_pretrained_head: bool = False  # the model comes with one that answers it
    runs: bool = True


WINDOWED = "answer spans"  # the kind whose longer texts are read in windows

TASK_KINDS = {
    kind.name: kind
    for kind in (
        TaskKind(name="classify sentence", texts=1, has_label=True, metrics=("accuracy",)),
        TaskKind(name="classify pair", texts=2, has_label=True, metrics=("accuracy",)),
        TaskKind(name="score pair", texts=2, has_label=True, metrics=("pearson", "spearman")),
        TaskKind(
            name="answer spans",
            texts=2,
            has_label=True,
            metrics=("span_f1", "exact_match"),
            answers_for_whole_inputs=False,
        ),
        TaskKind(
            name="masked words",
            texts=1,
            has_label=False,
            metrics=("masked_accuracy",),
            answers_for_whole_inputs=False,
            has_pretrained_head=True,
        ),
    )
}
