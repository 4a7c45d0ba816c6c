"""The fields of every block: what each says, an example of it, and whether it must be there."""

from typing import Literal

from attrs import frozen

BlockName = Literal["file", "task", "arm", "study", "seeds", "ticket", "claim", "published"]


@frozen(kw_only=True, repr=False, eq=False)
class Field:
    """A word that may open a statement of a block."""

    name: str
    means: str
    example: str  # a right phrase, the word included
    is_required: bool = False
    repeats: bool = False
    block: Literal["never", "maybe", "always"] = "never"


def _table(*fields: Field) -> dict[str, Field]:
    return {field.name: field for field in fields}


RECIPE = (
    Field(name="train", means="how long a network is trained", example="train 3 epochs"),
    Field(name="batch", means="examples a step", example="batch 32 examples"),
    Field(name="rate", means="the peak learning rate and its schedule", example="rate 2e-5 linear"),
    Field(
        name="optimizer",
        means="how weights are moved; what is not said stands as in the example",
        example="optimizer adamw epsilon 1e-8 decay 0 clip 1",
    ),
    Field(
        name="warmup", means="how long the rate rises from zero (default: 0 steps)", example="warmup 10% of training"
    ),
)

FILE = _table(
    Field(
        name="use",
        means="another file's tasks, groups and arms: one that ships, or one beside this",
        example="use chen2020",
        repeats=True,
    ),
    Field(
        name="task",
        means="what a network is trained and scored on",
        example='task my_mrpc extends mrpc { data files "mrpc/{split}.jsonl" }',
        repeats=True,
        block="always",
    ),
    Field(name="group", means="a name for several tasks", example="group small = mrpc, rte", repeats=True),
    Field(
        name="arm",
        means="a baseline: a mask from somewhere on weights from somewhere",
        example="arm random_init { mask of ticket; weights random all }",
        repeats=True,
        block="always",
    ),
    Field(
        name="ticket",
        means="a way to find masks that the tickets of studies extend; it may leave fields to them",
        example="ticket protocol { prune magnitude global of encoder; rewind 0 steps }",
        repeats=True,
        block="always",
    ),
    Field(
        name="study",
        means="the experiment; one that `extends` another says only what is different",
        example='study small { model folder "model"; ... }',
        repeats=True,
        block="always",
    ),
)

TASK = _table(
    Field(name="kind", means="the kind of question asked", example="kind classify pair", is_required=True),
    Field(
        name="data",
        means="where examples come from: a hub data set, files beside the spec, or the built-in world",
        example='data files "mrpc/{split}.jsonl"',
        is_required=True,
    ),
    Field(
        name="splits",
        means="the split trained on, and the split scored on, or the share of the former that is scored on instead:"
        " every hundredth example of `1% of train` (default: train, validation)",
        example="splits train, validation",
    ),
    Field(name="text", means="columns of the input, in order", example="text sentence1, sentence2", is_required=True),
    Field(name="label", means="the column of the answer", example="label label, classes 2"),
    Field(name="metric", means="scores; the first one decides (default: by kind)", example="metric accuracy, f1"),
    Field(
        name="length", means="tokens of an input; longer ones are cut", example="length 128 tokens", is_required=True
    ),
    Field(
        name="stride",
        means="of answer spans: how far apart the windows begin that a longer text is read in (default: 128 tokens)",
        example="stride 128 tokens",
    ),
    Field(
        name="head",
        means="what a head is before any training: `fresh`, or that which the model was pre-trained with"
        " (default: fresh)",
        example="head fresh",
    ),
    Field(
        name="evaluate",
        means="when a network is scored: after its last step, or after that epoch which was best on a split"
        " (default: last)",
        example="evaluate best on validation",
    ),
    Field(
        name="limit",
        means="how many examples of the training split are used, or, by `limit evaluation 500 examples`, of the other"
        " (default: all)",
        example="limit 4000 examples",
        repeats=True,
    ),
    *(
        Field(name=f.name, means=f.means, example=f.example, is_required=f.name in {"train", "batch", "rate"})
        for f in RECIPE
    ),
)

ARM = _table(
    Field(name="mask", means="which weights are kept (default: of ticket)", example="mask random global"),
    Field(name="weights", means="what training begins with (default: of ticket)", example="weights random all"),
    Field(
        name="rewind",
        means="the point of dense training that weights of the ticket go back to, on its source or `on target`"
        " (default: as the ticket has it)",
        example="rewind 5% of training on target",
    ),
)

STUDY = _table(
    Field(name="question", means="what the study asks, in words", example='question "Do tickets transfer?"'),
    Field(
        name="model",
        means="the pre-trained network",
        example='model hub "google-bert/bert-base-uncased"',
        is_required=True,
    ),
    Field(name="precision", means="of the arithmetic (default: fp32)", example="precision fp32"),
    Field(
        name="seeds",
        means="one run each; a block takes the roles apart",
        example="seeds 1, 2, 3",
        is_required=True,
        block="maybe",
    ),
    Field(
        name="ticket",
        means="how masks are found; one that `extends` a ticket of a file says only what is different",
        example="ticket imp { source mnli; ... }",
        is_required=True,
        repeats=True,
        block="always",
    ),
    Field(name="baselines", means="arms that tickets are compared with", example="baselines dense, random_mask"),
    Field(
        name="transfer",
        means="tickets trained anew on other tasks",
        example="transfer imp at 70% to mnli, qqp",
        repeats=True,
    ),
    Field(
        name="match",
        means="when a score counts as matching dense",
        example="match within 1 sd of dense using larger sd",
    ),
    Field(
        name="claim",
        means="a sentence the study tests",
        example="claim mask_matters { imp at 70% beats random_mask by 2 points on most targets }",
        repeats=True,
        block="always",
    ),
    Field(
        name="published",
        means="numbers of a publication, in hundredths or as sparsest levels that match, shown beside the study's own",
        example='published "Chen et al. 2020, Table 2" { imp at 70% on mnli 82.6 sd 0.2, qqp 90.0 }',
        repeats=True,
        block="always",
    ),
    Field(
        name="drop",
        means="what the study that is extended says, and this one does not",
        example="drop claim universal",
        repeats=True,
    ),
    Field(name="report", means="sections beside scores and verdicts", example="report transfer_matrix, mask_overlap"),
)

ROLES = {
    "search": "head, order and dropout of the trainings that find a mask",
    "head": "fresh heads",
    "order": "order of the examples",
    "masking": "which words are masked, where a task masks words",
    "dropout": "dropout",
    "mask": "random masks",
    "weights": "random and shuffled weights",
    "subset": "which examples `limit` takes",
}

SEEDS = _table(
    *(
        Field(
            name=role,
            means=f"seeds of {means} (default: {'that of order' if role == 'masking' else '1'})",
            example=f"{role} 1, 2",
        )
        for role, means in ROLES.items()
    )
)

TICKET = _table(
    Field(
        name="source",
        means="tasks that masks are found on, each by itself; `mnli + mrpc`: on both by turns, one batch each, by the"
        " recipe of the first; `none`: the pre-trained weights as they are; `file` and a path: a mask that is there,"
        " with `missing dense` or `missing by magnitude` if it lacks a matrix of the scope",
        example="source mnli, mrpc + rte",
        is_required=True,
    ),
    Field(
        name="prune",
        means="how weights are scored, and among which; `snip` looks at gradients `over 10 batches`, `synflow` takes"
        " `over 100 iterations` (defaults); `gradual magnitude of encoder` prunes while it trains, `from 10% to 60% of"
        " training every 1% of training` (default)",
        example="prune magnitude global of encoder + pooler",
        is_required=True,
    ),
    Field(
        name="sparsity",
        means="levels that are looked at, and unless `rounds` says so, pruned through",
        example="sparsity 10% to 70% by 10% of original",
        is_required=True,
    ),
    Field(
        name="rounds",
        means="levels that are pruned through, in order; `1`: straight to each level (default: those of sparsity)",
        example="rounds 10% to 90% by 10% of original",
    ),
    Field(
        name="rewind",
        means="the point of dense training that weights go back to, `of everything` or `of pruned matrices` alone;"
        " `nothing`: training goes on; `rates to` a point: with its own weights (default: 0 steps of everything)",
        example="rewind 5% of training",
    ),
    Field(
        name="schedule",
        means="what the rate falls over: each round, or so many rounds of which each begins anew (default: each round)",
        example="schedule over 10 rounds",
    ),
    Field(name="first", means="what the first round begins with (default: train)", example="first prune"),
    Field(
        name="head",
        means="the head that a training begins with, `fresh`: as its task has it before any training; on its own source"
        " a ticket has that of its search (default: rewound in search, carried where nothing else is rewound, fresh in"
        " transfer)",
        example="head rewound in search",
        repeats=True,
    ),
    Field(
        name="limit",
        means="how many examples of its source a ticket is found on (default: the task's)",
        example="limit 1000 examples, 4000 examples, all examples",
    ),
    *RECIPE,
)

# A claim holds one sentence, which opens with the name of a ticket or a baseline.
CLAIM: dict[str, Field] = {}

# So does each line of a publication's numbers.
PUBLISHED: dict[str, Field] = {}

BLOCKS: dict[str, dict[str, Field]] = {
    "file": FILE,
    "task": TASK,
    "arm": ARM,
    "study": STUDY,
    "seeds": SEEDS,
    "ticket": TICKET,
    "claim": CLAIM,
    "published": PUBLISHED,
}
