"""What models of a family call their parts: for each, what differs from BERT, and nothing else."""

from collections.abc import Mapping

from attrs import Factory, frozen


@frozen(kw_only=True)
class Matrices:
    """The six matrices of a layer, by their names in it."""

    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    attended: str = "attention.output.dense"  # from what the heads found
    inner: str = "intermediate.dense"  # to the neurons
    outer: str = "output.dense"  # from the neurons


@frozen(kw_only=True)
class Packable:
    """What stands between matrices where the forward pass without padding computes a network (models/packed.py)."""

    segments: str | None = "token_type_embeddings"  # in the embeddings, beside those of words and positions
    projection: str | None = None  # of embeddings that may be narrower than layers
    attention_dropout: str = "attention.self.dropout"  # these and what follows: in a layer
    attended_dropout: str | None = "attention.output.dropout"
    attended_norm: str = "attention.output.LayerNorm"
    activation: str = "intermediate.intermediate_act_fn"
    outer_dropout: str | None = "output.dropout"
    outer_norm: str = "output.LayerNorm"


@frozen(kw_only=True)
class Pooler:
    """What a trunk makes of the first token's last state, by its names in the trunk."""

    dense: str = "pooler.dense"
    activation: str = "pooler.activation"


@frozen(kw_only=True)
class Words:
    """The head of masked language modelling, by its names in checkpoints.

    A layer, a norm, and the word embeddings of the trunk turned round, with a bias for each word.
    """

    dense: str
    norm: str
    bias: str
    decoder: str  # that checkpoints may have, too: the word embeddings once more
    activation: str | None = None  # the setting that names it; None: GELU, whatever the layers have

    @property
    def parameters(self) -> dict[str, str]:
        """Our name of a parameter -> that of checkpoints."""
        named = {f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in (("dense", self.dense), ("norm", self.norm))
                 for kind in ("weight", "bias")}  # fmt: skip
        return {**named, "bias": self.bias}


BERT_WORDS = Words(
    dense="cls.predictions.transform.dense",
    norm="cls.predictions.transform.LayerNorm",
    bias="cls.predictions.bias",
    decoder="cls.predictions.decoder.weight",
    activation="hidden_act",
)
ROBERTA_WORDS = Words(
    dense="lm_head.dense", norm="lm_head.layer_norm", bias="lm_head.bias", decoder="lm_head.decoder.weight"
)


@frozen(kw_only=True)
class Family:
    """Encoders of one `model_type`."""

    layers: str = "encoder.layer.{}"  # where a layer stands in the trunk; `{}` is a number
    matrices: Matrices = Factory(Matrices)
    packed: Packable | None = Factory(Packable)  # None: transformers computes it
    pooler: Pooler | None = Factory(Pooler)  # None: the trunk has none, whatever checkpoints with a head hold
    words: Words = BERT_WORDS
    # What a head for whole inputs has before its last layer, where transformers' own has that and no pooler: a layer
    # and this activation.
    head_activation: str | None = None
    reads_segments: bool = True  # the trunk takes `token_type_ids`
    shares_layers: bool = False  # an input goes through the same layer several times
    positions_of_padding: int = 0  # rows of position embeddings that no token has
    padding: int | None = None  # the row of embeddings that is padding; None: the configuration says

    # Names of settings in config.json.
    heads: str = "num_attention_heads"
    dropout: str = "hidden_dropout_prob"
    head_dropout: str = "classifier_dropout"  # before a head on whole inputs; where it is not said: `dropout`
    token_head_dropout: str | None = None  # before a head on single tokens; None: nothing is dropped there
    epsilon: str | None = "layer_norm_eps"  # None: 1e-12

    @property
    def root(self) -> str:
        """The part of the trunk that holds the layers, and a dot."""
        return f"{self.layers.partition('.')[0]}."


_ROBERTA = Family(positions_of_padding=2, words=ROBERTA_WORDS)

FAMILIES: Mapping[str, Family] = {
    "bert": Family(),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "electra": Family(
        packed=Packable(projection="embeddings_project"),
        pooler=None,
        words=Words(  # of its generator; the discriminator has another task
            dense="generator_predictions.dense", norm="generator_predictions.LayerNorm",
            bias="generator_lm_head.bias", decoder="generator_lm_head.weight",
        ),
    ),
    "distilbert": Family(
        layers="transformer.layer.{}",
        matrices=Matrices(
            query="attention.q_lin", key="attention.k_lin", value="attention.v_lin", attended="attention.out_lin",
            inner="ffn.lin1", outer="ffn.lin2",
        ),
        packed=Packable(
            segments=None, attention_dropout="attention.dropout", attended_dropout=None, attended_norm="sa_layer_norm",
            activation="ffn.activation", outer_dropout="ffn.dropout", outer_norm="output_layer_norm",
        ),
        pooler=None,
        words=Words(
            dense="vocab_transform", norm="vocab_layer_norm", bias="vocab_projector.bias",
            decoder="vocab_projector.weight", activation="activation",
        ),
        head_activation="relu",
        reads_segments=False,
        heads="n_heads",
        dropout="dropout",
        head_dropout="seq_classif_dropout",
        token_head_dropout="qa_dropout",
        epsilon=None,
    ),
    "albert": Family(
        layers="encoder.albert_layer_groups.{}.albert_layers.{}",
        matrices=Matrices(
            query="attention.query", key="attention.key", value="attention.value", attended="attention.dense",
            inner="ffn", outer="ffn_output",
        ),
        packed=None,
        pooler=Pooler(dense="pooler", activation="pooler_activation"),
        words=Words(
            dense="predictions.dense", norm="predictions.LayerNorm", bias="predictions.bias",
            decoder="predictions.decoder.weight", activation="hidden_act",
        ),
        shares_layers=True,
        head_dropout="classifier_dropout_prob",
    ),
    "mpnet": Family(
        matrices=Matrices(
            query="attention.attn.q", key="attention.attn.k", value="attention.attn.v", attended="attention.attn.o",
        ),
        packed=None,  # its attention goes by the distance of tokens
        words=ROBERTA_WORDS,
        head_activation="tanh",
        reads_segments=False,
        padding=1,
        positions_of_padding=2,
    ),
    "deberta-v2": Family(
        matrices=Matrices(
            query="attention.self.query_proj", key="attention.self.key_proj", value="attention.self.value_proj",
        ),
        packed=None,  # as above
        pooler=None,
        head_activation="gelu",
        head_dropout="cls_dropout",
    ),
}  # fmt: skip
