"""What there is to read in the built-in world: `data micro NAME`."""

from attrs import frozen


@frozen(kw_only=True, repr=False, eq=False)
class MicroText:
    """Examples that `runtime.micro` makes from the seed of a world."""

    name: str
    means: str


MICRO = {
    text.name: text
    for text in (
        MicroText(name="acceptability", means="whether a sentence is right; a wrong one has the words of a right one"),
        MicroText(name="sentiment", means="whether a review is kind, all in all"),
        MicroText(name="paraphrase", means="whether two sentences say the same"),
        MicroText(name="entailment", means="what a sentence says about another: entailment, neutral, contradiction"),
        MicroText(name="similarity", means="how alike two sentences are, 0 to 5"),
        MicroText(name="spans", means="which words of a passage answer a question"),
        MicroText(name="corpus", means="running text about the world, to be read before any task"),
    )
}
