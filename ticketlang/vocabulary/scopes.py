"""Scopes: which weight matrices a pruning may touch. Embeddings, biases, norms and heads are in none of them."""

from attrs import frozen


@frozen(kw_only=True, repr=False)
class Scope:
    """What may stand after `of` in `prune`, joined by `+`."""

    name: str
    means: str
    runs: bool = True


SCOPES = {
    scope.name: scope
    for scope in (
        Scope(name="encoder", means="the six matrices of every block: query, key, value, and three dense ones"),
        Scope(name="pooler", means="the matrix between the first token's last state and the head"),
    )
}
