"""Every way to prune and to rewind, each to its verdict, with every item of its certificates."""

import json
from collections.abc import Iterator
from pathlib import Path

from desk import SPEC, Desk

from runtime.store.certificates import (
    HEAD_REWOUND,
    HELD,
    HOLES,
    LAST_RATE,
    NESTED,
    NESTED_ON_THE_WAY,
    RATES,
    REWOUND,
    TRAINED_ENDS,
)


def test_tickets_that_are_not_rewound_run(desk: Desk) -> None:
    """Standard pruning, and matrices that go back alone: every certificate holds, or the job would have failed."""
    settings = ("imp.rewind nothing, 0 steps of pruned matrices", "imp.source warm", "baselines dense, shuffled_layers",
                "seeds 1", "claim as_good_as_dense { imp at 30% is at least dense }",
                "claim the_mask_matters { imp at 60% is at least dense }")  # fmt: skip
    desk.write("arm shuffled_layers { weights shuffled layers }\n" + SPEC)
    answer = desk.ticketrun("run", "small.ticket", *(word for text in settings for word in ("--set", text)))
    assert answer.status == 0, answer.text
    assert "shuffled_layers.imp[rewind=nothing]/warm" in answer.out


def test_every_method_of_pruning_runs(desk: Desk) -> None:
    """Each to its verdict, with every certificate holding."""
    settings = ("imp.prune snip of encoder over 2 batches, movement of encoder, synflow of encoder over 5 iterations,"
                "magnitude of heads + neurons, snip of heads over 1 batch, random per layer of encoder,"
                "magnitude 2:4 of encoder, gradual magnitude of encoder", "imp.sparsity 50% of original",
                "imp.source warm", "imp.rewind 2 steps",
                "baselines dense, random_mask, random_layer_mask, turned, gradual_run", "seeds 1",
                "transfer imp at 50% to same", "report layer_sparsity, mask_overlap, mode_connectivity",
                "claim as_good_as_dense { imp at 50% is at least gradual_run on warm }",
                "claim the_mask_matters { imp at 50% is at least dense }")  # fmt: skip
    desk.write("arm turned { mask inverted of ticket }\n" + SPEC)
    words = (word for text in settings for word in ("--set", text))
    answer = desk.ticketrun("run", "small.ticket", *words, COLUMNS="200")  # in which the longest name stands whole
    assert answer.status == 0, answer.text
    assert "imp[prune=snip global of encoder over 2 batches]/warm" in answer.out
    assert "gradual_run.imp[prune=gradual magnitude global of encoder from 10% to 60% of training" in answer.text

    verified = desk.ticketrun("verify", "small.ticket", *(word for text in settings for word in ("--set", text)))
    assert verified.status == 0, verified.text
    assert "not recomputed: gradients are not kept" in verified.out
    folders = list((desk.folder / ".ticketlang" / "artifacts").iterdir())
    assert {missing for folder in folders for missing in missing_items(folder)} == set()
    kinds = {json.loads((folder / "job.json").read_text())["settings"]["kind"] for folder in folders}
    assert kinds == {"fine-tune", "prune", "draw-mask", "rewind-point", "combine-masks", "interpolate"}


def missing_items(folder: Path) -> Iterator[str]:
    """What of the list of a certificate's items a result lacks, or has otherwise than its own files say."""
    settings = json.loads((folder / "job.json").read_text())["settings"]
    result, certificate, provenance = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("result", "certificate", "provenance")
    )
    kind, facts = settings["kind"], certificate["facts"]
    checks = {check["name"]: check for check in certificate["checks"]}
    is_masked, is_training = settings.get("mask") is not None, kind in {"fine-tune", "rewind-point"}
    is_mask = (folder / "mask.safetensors").exists()
    pruned = [check for check in checks if check.startswith("as many weights are removed")]
    items = {
        "bit-equality after rewinding": not is_training or checks[REWOUND]["found"] == checks[REWOUND]["expected"],
        "bit-equality of the head": not is_training or HEAD_REWOUND in checks,
        "bit-equality of ends": kind != "interpolate" or TRAINED_ENDS in checks,
        "zeros after every step": not (is_masked and is_training) or checks[HELD]["found"] == result["steps"],
        "zeros in each matrix": not (is_masked and is_training) or checks[HOLES]["found"].keys() == set(facts["scope"]),
        "sparsity in all": not (is_masked or is_mask) or 0.4 < facts["sparsity"] < 0.6,
        "sparsity of each matrix": not is_mask or len(result["matrices"]) in {12, 8},
        "scope by name": not is_masked or set(facts["scope"]),
        "collapsed": not (is_masked or is_mask) or isinstance(facts["collapsed"], list),
        "nesting": kind != "prune" or checks[NESTED]["found"] is True,
        "nesting on the way": "gradually" not in settings or checks[NESTED_ON_THE_WAY]["found"] == facts["prunings"],
        "count of weights": kind not in {"prune", "draw-mask"} or pruned,
        "number of prunings": kind != "prune" or facts["prunings"] == 1,
        "rates": not is_training or (facts["learning rate"]["first"] > facts["learning rate"]["last"] > 0),
        "every rate": not is_training or checks[RATES]["found"] == facts["learning rate"]["trace"],
        "the last rate": kind != "fine-tune" or checks[LAST_RATE]["found"] == facts["learning rate"]["last"],
        "head policy": not is_training or facts["head"] in {"fresh", "rewound", "carried", "pretrained"},
        "trained on": not is_training or facts["trained on"]["examples"] == 90,
        "scored on": kind not in {"fine-tune", "interpolate"} or facts["scored on"]["examples"] == 40,
        "looked at": "training" not in settings or facts["looked at"]["examples"] == 90,
        "metric": kind not in {"fine-tune", "interpolate"} or facts["metric"] == result["metric"],
        "moment": kind not in {"fine-tune", "interpolate"} or "after the last step" in facts["scored"],
        "seeds": kind in {"combine-masks"} or "seed" in settings or kind == "prune" or set(facts["seeds"]) >= SEEDS,
        "seed of a draw": "seed" not in settings or facts["seed"] == settings["seed"],
        "versions": set(provenance["environment"]["versions"]) >= {"python", "torch", "numpy", "transformers"},
        "release": bool(provenance["release"]),
        "checks that hold": certificate["checks"] and all(check["holds"] for check in certificate["checks"]),
    }  # fmt: skip
    for item, is_there in items.items():
        if not is_there:
            yield f"{kind}: {item}"


SEEDS = {"head", "order", "dropout", "subset"}
