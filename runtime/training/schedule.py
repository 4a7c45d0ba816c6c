"""How long a training is, and how fast it learns at each step.

Step k of T (k = 0 to T - 1) learns at peak * (T - k) / T, as in transformers' linear schedule: the peak at the first
step, zero after the last. With a warm-up of W steps it climbs first, peak * k / W, and then falls over the other T - W.
Where the rate falls over R rounds and each begins anew, R * T stands for T: it ends at (R - 1) / R of the peak (paper's
released code).
"""

from fractions import Fraction

from attrs import frozen

from ticketlang.study import Recipe


@frozen(kw_only=True)
class Schedule:
    """The optimizer steps of a whole training, and their learning rates."""

    steps: int  # of the whole training, wherever it sets in
    steps_per_epoch: int
    warmup: int
    peak: Fraction
    rounds: int = 1  # that the rate falls over

    @classmethod
    def of(cls, recipe: Recipe, examples: int, tasks: int = 1) -> "Schedule":
        """The schedule of a recipe over so many training examples.

        Args:
            examples: of the first task.
            tasks: that take turns. An epoch has passed when the examples of the first one have.

        Raises:
            ValueError: for a schedule that is not known, or no examples.
        """
        if recipe.schedule != "linear":
            raise ValueError(f"no schedule is called `{recipe.schedule}`")
        if examples < 1:
            raise ValueError("a training needs examples")
        per_epoch = recipe.steps_per_epoch(examples, tasks)
        steps = recipe.train.steps(per_epoch)
        return cls(
            steps=steps,
            steps_per_epoch=per_epoch,
            warmup=recipe.warmup.steps(per_epoch, steps),
            peak=recipe.rate,
            rounds=recipe.rounds,
        )

    def rate(self, step: int) -> Fraction:
        """The learning rate of a step, counted from 0; over one round `rate(steps)` is zero."""
        if step < self.warmup:
            return self.peak * step / self.warmup
        whole = self.steps * self.rounds
        return self.peak * (whole - step) / max(whole - self.warmup, 1)
