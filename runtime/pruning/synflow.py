"""SynFlow: the weights on the weakest paths go first, without any data (Tanaka et al. 2020, section 6, algorithm 1).

The score of a weight is w * dR/dw, where R sums over all paths from input to output the product of the absolute weights
on a path. A path is a thing of networks of linear layers, so the transformer is read as one:

- weights are absolute, biases are left out, and the input is a vector of ones in place of embeddings, for one token:
  with the same input at each, attention has nothing to choose from;
- GELU and tanh are the identity, which on the positive side of large inputs they nearly are;
- layer norms are the identity: what they divide by depends on data;
- residual connections stay, and so each block adds paths to those around it;
- softmax reads the product of query and key, and no product is a path. Query, key and value are taken as three parallel
  ways from the input to a unit of the head: each has the flow that its own weights let through;
- R is the sum of the last state, after the pooler where the model has one; task heads are not pruned, nor on the path.

Flow is conserved (theorem 1 of the paper) at every unit inside a block: what comes in from query, key and value leaves
through the attention's output, and what comes into a neuron leaves through its output. Residual connections go around
blocks, so no single block carries all of R; the pooler, which nothing goes around, does.
"""

import torch
from torch import Tensor

from ..matrices import layers_of, pooler_of
from .material import Material
from .single import to_double, to_single


def scores(material: Material) -> dict[str, Tensor]:
    """w * dR/dw of every weight, as a share of R.

    R grows with every layer (some 1e80 for a BERT-base): it is computed in double precision, and divided out.
    """
    matrices = {name: to_double(weight).abs().requires_grad_() for name, weight in material.weights.items()}
    total = flow(matrices)
    gradients = torch.autograd.grad(total, list(matrices.values()))
    return {
        name: to_single(matrix.detach() * gradient / total.detach().clamp_min(torch.finfo(torch.double).tiny))
        for (name, matrix), gradient in zip(matrices.items(), gradients, strict=True)
    }


def flow(matrices: dict[str, Tensor]) -> Tensor:
    """R: the sum over all paths of the product of the weights on each. Matrices are (out, in), without negatives."""
    layers = [{part: matrices[name] for part, name in names.items()} for names in layers_of(matrices).values()]
    state = torch.ones(layers[0]["query"].shape[1], dtype=torch.double)  # (H,)
    for layer in layers:
        attended = (layer["query"] + layer["key"] + layer["value"]) @ state
        state = state + layer["attended"] @ attended
        inner = layer["inner"] @ state
        state = state + layer["outer"] @ inner
    pooler = pooler_of(matrices)
    return (state if pooler is None else matrices[pooler] @ state).sum()
