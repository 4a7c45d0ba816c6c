"""A short run of the fuzzer; `make fuzz` is the long one."""

import fuzz


def test_bent_texts_give_diagnostics_or_a_study() -> None:
    assert fuzz.run(count=400, seed=20) == 0
