"""Scopes: which weight matrices a pruning may touch. Embeddings, biases, norms and task heads are in none of them."""

from attrs import frozen


@frozen(kw_only=True, repr=False, eq=False)
class Scope:
    """What may stand after `of` in `prune`, joined by `+`: parts of single weights, or of whole units."""

    name: str
    means: str
    is_of_units: bool = False  # what is removed is removed whole
    runs: bool = True


SCOPES = {
    scope.name: scope
    for scope in (
        Scope(name="encoder", means="the six matrices of every block: query, key, value, and three dense ones"),
        Scope(name="pooler", means="the matrix between the first token's last state and the head"),
        Scope(
            name="heads",
            means="whole attention heads: their rows of query, key and value, and their columns of attention's output",
            is_of_units=True,
        ),
        Scope(
            name="neurons",
            means="whole neurons of the feed-forward blocks: a row of the inner matrix, and a column of the outer",
            is_of_units=True,
        ),
    )
}


def is_of_units(scope: tuple[str, ...]) -> bool:
    """Whether a scope is one of whole units. No scope is of both."""
    return SCOPES[scope[0]].is_of_units
