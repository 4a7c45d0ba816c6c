"""A study reads the built-in world without a file of its own, and results of one version and seed stay apart."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from small_world import recipe

from runtime import micro
from runtime.digests import Digests
from runtime.facts import Gathered, Root, gather
from runtime.pins import Pins
from runtime.tasks import BadData, load_examples
from runtime.tasks.corpus import texts_of
from runtime.tasks.encoding import load_tokenizer
from runtime.tasks.masked_words import prepare
from runtime.tasks.prepared import Materials
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study, Task

SPEC = """
use micro

task there extends sentiment { data micro sentiment world 2 }

study s {
  model micro
  seeds 1, 2
  ticket imp { source micro, there, mlm; prune magnitude of encoder + pooler; sparsity 50% of original }
}
"""


@pytest.fixture(scope="module")
def study() -> Study:
    found = check(Source("s.ticket", SPEC)).study
    assert found is not None
    return found


@pytest.fixture(scope="module")
def gathered(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    """Found from an empty folder, out of which nothing may be read."""
    return gather(study, Root(folder=tmp_path_factory.mktemp("empty"), is_confined=True), Pins({}), Digests())


def test_nothing_has_to_lie_beside_the_spec(gathered: Gathered) -> None:
    assert gathered.diagnostics == ()
    assert gathered.unpinned == ()
    assert gathered.places.model_folder == micro.MODEL


def test_a_digest_tells_texts_and_worlds_apart(gathered: Gathered) -> None:
    assert gathered.facts is not None
    digests = {name: data.digest for name, data in gathered.facts.data.items()}

    assert digests["sentiment"] == micro.digest("sentiment", 1)
    assert digests["there"] == micro.digest("sentiment", 2)
    assert len(set(digests.values())) == len(digests)


def test_examples_are_those_of_the_world(study: Study, gathered: Gathered) -> None:
    found = load_examples(study.tasks["entailment"], gathered.places.data("entailment"))
    made = micro.columns("entailment", "train", 1)

    assert list(found.train.texts[0]) == made["first"]
    assert found.classes == 3
    assert np.bincount(found.train.labels).tolist() == [2000, 2000, 2000]


def test_a_split_that_there_is_not_is_said(study: Study, gathered: Gathered) -> None:
    task = evolve(study.tasks["sentiment"], score_split="test")
    with pytest.raises(BadData, match="`test`"):
        load_examples(task, gathered.places.data("sentiment"))


def test_each_document_is_an_example(study: Study, gathered: Gathered, tmp_path: Path) -> None:
    """Not blocks that run across documents; and `limit` takes some of them."""
    task: Task = evolve(study.tasks["mlm"], limit=50, recipe=recipe(rate=Fraction(1, 1000)))
    place, tokenizer = gathered.places.data("mlm"), load_tokenizer(micro.MODEL)
    materials = Materials(place=place, tokenizer=tokenizer, model="m", subset_seed=1, cache=tmp_path)
    found = prepare(task, materials)
    texts = set(texts_of(task, place, "train"))
    first = found.train.tokens[found.train.starts[0] :][: found.train.lengths[0]]

    assert len(found.train) == 50
    assert len(found.score) == 1000
    assert tokenizer.decode(first[1:-1], clean_up_tokenization_spaces=False) in texts
