"""Metrics: what a trained network is scored by, and on which kinds of task that makes sense."""

from attrs import frozen

CLASSES = ("classify sentence", "classify pair")
NUMBERS = ("score pair",)
SPANS = ("answer spans",)
MASKED = ("masked words",)


@frozen(kw_only=True, repr=False, eq=False)
class Metric:
    """What `metric` may name in a task. Values are shares or correlations, at most 1."""

    name: str
    means: str
    kinds: tuple[str, ...]  # rows of vocabulary.tasks
    example: str  # a right statement of a task
    runs: bool = True


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            name="accuracy",
            means="the share of right answers",
            kinds=CLASSES,
            example="metric accuracy",
        ),
        Metric(
            name="f1",
            means="F1 of class 1 where there are two classes, else their mean",
            kinds=CLASSES,
            example="metric f1, accuracy",
        ),
        Metric(
            name="matthews",
            means="correlation of answers and labels (Matthews 1975)",
            kinds=CLASSES,
            example="metric matthews, accuracy",
        ),
        Metric(
            name="pearson",
            means="linear correlation of scores and labels",
            kinds=NUMBERS,
            example="metric pearson, spearman",
        ),
        Metric(
            name="spearman",
            means="correlation of the ranks of scores and labels",
            kinds=NUMBERS,
            example="metric spearman",
        ),
        Metric(
            name="span_f1",
            means="overlap of words with the best answer, as SQuAD has it",
            kinds=SPANS,
            example="metric span_f1, exact_match",
        ),
        Metric(
            name="exact_match",
            means="the share of answers given word for word",
            kinds=SPANS,
            example="metric exact_match",
        ),
        Metric(
            name="masked_accuracy",
            means="the share of masked words found",
            kinds=MASKED,
            example="metric masked_accuracy",
        ),
        Metric(
            name="masked_likelihood",
            means="the probability given to masked words, their geometric mean: 1 / perplexity",
            kinds=MASKED,
            example="metric masked_likelihood, masked_accuracy",
        ),
    )
}
