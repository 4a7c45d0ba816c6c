"""Any study printed and read again is the same study; any text whatever is read or explained."""

from attrs import evolve
from fuzz import look_at, pieces_of
from hypothesis import given, settings
from hypothesis import strategies as st
from studies import facts_of, spec_of

from ticketlang.differences import differences
from ticketlang.formatting import formatted
from ticketlang.lay_out import lay_out
from ticketlang.parse import parse
from ticketlang.phrasing import statements_of, text_of
from ticketlang.pipeline import check
from ticketlang.source import Source
from ticketlang.study import Study

TASKS = ("a", "b", "c")


def lists(item: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[str]:
    """Some of a kind, each once, with commas between them."""
    return st.lists(item, min_size=1, max_size=most, unique=True).map(", ".join)


def fields(**phrases: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Some of the fields, each with a phrase of its own."""
    some = st.fixed_dictionaries({}, optional=phrases)
    return some.map(lambda said: "\n".join(f"{word.rstrip('_')} {phrase}" for word, phrase in said.items()))


decimals = st.decimals("0.0001", "1000", places=4, allow_nan=False).map(lambda number: f"{number.normalize():f}")
counts = st.integers(1, 10**6).map(str)
percents = st.integers(1, 9999).map(lambda hundredths: f"{hundredths // 100}.{hundredths % 100:02}%")
ladders = st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True).map(
    lambda levels: f"{', '.join(f'{level}%' for level in sorted(levels))} of original"
)
falls = st.tuples(st.integers(20, 60), st.integers(70, 95)).map(
    lambda ends: f"{ends[0]}% to {ends[1]}% by {ends[0]}% of remaining"
)
points = st.one_of(
    st.just("0 steps"),
    st.integers(1, 49).map(lambda share: f"{share}% of training"),
    st.sampled_from(("1 step", "0.5 epochs")),
)
rewinds = st.one_of(points, points.map("{} of pruned matrices".format))
scopes = st.sampled_from(("encoder", "pooler", "encoder + pooler"))
prunings = st.tuples(st.sampled_from(("global ", "per layer ")), scopes).map(
    lambda said: f"magnitude {said[0]}of {said[1]}"
)
rates = st.tuples(decimals, st.sampled_from(("", " linear"))).map("".join)
optimizers = st.tuples(decimals, decimals, st.one_of(st.just("none"), decimals)).map(
    lambda said: f"adamw epsilon {said[0]} decay {said[1]} clip {said[2]}"
)


@st.composite
def tickets(draw: st.DrawFn, name: str) -> str:
    """A block with some axes, at most a few dozen points."""
    sources = st.one_of(lists(st.sampled_from(TASKS), 2), st.just("a + b"), st.just("none"))
    source = draw(sources)
    said = draw(
        fields(
            first=st.sampled_from(("train", "prune", "train, prune")),
            schedule=st.one_of(st.just("each round"), st.integers(2, 20).map("over {} rounds".format)),
            head=st.sampled_from(("fresh in search", "rewound in search", "carried, fresh in search")),
            limit=lists(st.one_of(counts.map("{} examples".format), st.just("all examples")), 2),
            batch=counts.map("{} examples".format),
            rate=lists(rates, 1),
            optimizer=optimizers,
            **({} if source == "none" else {"rewind": lists(rewinds, 2)}),
        )
    )
    levels = draw(st.one_of(ladders, falls))
    pruning = draw(lists(prunings, 2))
    return f"ticket {name} {{\nsource {source}\nprune {pruning}\nsparsity {levels}\n{said}\n}}"


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A whole spec: a study of one or two tickets, with whatever else a study may say."""
    names = draw(st.sampled_from((("imp",), ("imp", "one-shot_2"))))
    body = [draw(tickets(name)) for name in names]
    arms = ("dense", "random_mask", "random_layer_mask", "random_init", "shuffled_init")
    baselines = draw(lists(st.sampled_from(arms[1:]), 4))
    body += [f"baselines dense, {baselines}"]
    body += [f"transfer {name} to {draw(lists(st.sampled_from(TASKS)))}" for name in names]
    body.append(
        draw(
            fields(
                question=st.text(
                    st.characters(codec="utf-8", exclude_categories=("C",), exclude_characters='"'), min_size=1
                ).map('"{}"'.format),
                precision=st.sampled_from(("fp32", "bf16")),
                match=st.one_of(
                    decimals.map("within {} points of dense".format),
                    st.sampled_from(("ticket", "dense", "larger", "pooled")).map(
                        "within 1 sd of dense using {} sd".format
                    ),
                ),
                claim=st.sampled_from(("is at least dense", "beats dense by 1.5 points on most targets")).map(
                    lambda said: f"holds {{ {names[0]} {said} }}"
                ),
                report=lists(st.sampled_from(("mask_overlap", "layer_sparsity", "sparsity_curves"))),
            )
        )
    )
    seeds = draw(st.one_of(st.just("1, 2"), st.just("1 to 3"), st.just("{ search 1, 2; head 3; mask 0 to 2 }")))
    return spec_of("\n".join(body), seeds=seeds, tasks=TASKS)


def study_of(text: str) -> Study:
    found = check(Source("s.ticket", text))
    assert found.study is not None, [f"{d.at}: {d.message}" for d in found.diagnostics] + [text]
    return found.study


def bare(study: Study) -> Study:
    """Without the words in which its claims were written."""
    return evolve(study, claims=tuple(evolve(claim, sentence="") for claim in study.claims))


@settings(max_examples=60, deadline=None)
@given(specs())
def test_any_study_printed_and_read_again_is_the_same_study(text: str) -> None:
    study = study_of(text)
    printed = text_of(statements_of(study))
    again = study_of(printed)
    assert bare(again) == bare(study)
    assert text_of(statements_of(again)) == printed
    assert differences(study, again) == ()
    assert lay_out(again, facts_of(again)).jobs.keys() == lay_out(study, facts_of(study)).jobs.keys()


@settings(max_examples=60, deadline=None)
@given(specs())
def test_formatting_never_changes_a_plan_and_is_done_once(text: str) -> None:
    tree, _ = parse(Source("s.ticket", text))
    assert tree is not None
    once = formatted(tree)
    again, _ = parse(Source("s.ticket", once))
    assert again is not None
    assert formatted(again) == once
    before, after = study_of(text), study_of(once)
    assert lay_out(before, facts_of(before)).jobs == lay_out(after, facts_of(after)).jobs


PIECES = st.sampled_from(pieces_of([spec_of("ticket imp { source a }\nclaim c { imp at 50% beats dense }")]))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map(" ".join), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_read_or_explained(text: str) -> None:
    """Diagnostics or a study, never a traceback."""
    look_at(text)
