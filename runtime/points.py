"""How numbers are written: scores in hundredths, as the field does, with a minus sign as wide as a plus."""

MINUS = "\N{MINUS SIGN}"  # so that differences stand in line


def points(value: float, decimals: int = 2, *, is_signed: bool = False) -> str:
    """Hundredths of a score: `81.2`, or `+0.2` where a sign is wanted. Nothing is below zero that rounds to it."""
    text = f"{value:{'+' if is_signed else ''}.{decimals}f}"
    return (text if float(text) else text.replace("-", "+" if is_signed else "")).replace("-", MINUS)
