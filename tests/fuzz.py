"""Specs bent out of shape: whatever a text is, it gives diagnostics or a study, and never a traceback.

    python tests/fuzz.py --count 200000 --seed 1

The seeds are all specs that ship and every program of the literate pages and the manual. What breaks something is
written to build/broken/, and belongs into the corpus once it is mended.
"""

import random
import re
import sys
import time
import traceback
from argparse import ArgumentParser
from pathlib import Path

from ticketlang.display.machine import concise
from ticketlang.formatting import formatted
from ticketlang.grammar import table
from ticketlang.parse import parse
from ticketlang.phrasing import statements_of, text_of
from ticketlang.pipeline import check, fixed_text
from ticketlang.source import Source

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests" / "language"
FENCE = re.compile(r"^```ticket[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST = 2.0  # seconds that any text may take
NOISE = (
    "",
    "\x00",
    "\n",
    "{",
    "}",
    ",",
    ";",
    "+",
    "=",
    '"',
    "#",
    "%",
    ".",
    "0",
    "1e9",
    "-",
    "全",
    "\u202e",
    "\r",
    "\t",
    "extends",
    "drop",
)


def corpus() -> list[str]:
    """Texts to begin with."""
    files = [
        *ROOT.glob("specs/*.ticket"),
        *ROOT.glob("examples/**/*.ticket"),
        *ROOT.glob("ticketlang/library/*.ticket"),
    ]
    pages = [*HERE.glob("*.md"), *ROOT.glob("ticketlang/diagnostics/manual/*.md"), ROOT / "README.md"]
    programs = [found for page in pages for found in FENCE.findall(page.read_text(encoding="utf-8"))]
    bad = [path.read_text(encoding="utf-8") for path in ROOT.glob("tests/transcripts/**/*.ticket")]
    return [path.read_text(encoding="utf-8") for path in files] + programs + bad


def pieces_of(texts: list[str]) -> list[str]:
    return sorted({token.text for text in texts for token in table().tokens(text)} | set(NOISE))


def bent(rng: random.Random, texts: list[str], pieces: list[str]) -> str:
    """A text with one to eight mutations: of tokens, of characters, of lines, and of halves of two texts."""
    text = rng.choice(texts)
    for _ in range(rng.randint(1, 8)):
        match rng.randrange(6):
            case 0:
                tokens = re.findall(r"\s+|[^\s{},;+=]+|.", text)
                if tokens:
                    at = rng.randrange(len(tokens))
                    tokens[at : at + rng.randrange(3)] = [rng.choice(pieces)] * rng.randrange(3)
                text = "".join(tokens)
            case 1:
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice(NOISE) + text[at + rng.randrange(3) :]
            case 2:
                lines = text.splitlines(keepends=True) or [""]
                lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
                del lines[rng.randrange(len(lines))]
                text = "".join(lines)
            case 3:
                other = rng.choice(texts)
                text = text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]
            case 4:
                at, length = rng.randrange(len(text) + 1), rng.randrange(40)
                text = text[:at] + text[at + length :]
            case 5:
                at, length = rng.randrange(len(text) + 1), rng.randrange(40)
                text = text[:at] + text[at : at + length] * rng.randrange(4) + text[at:]
    return text[:20_000]


def look_at(text: str) -> None:
    """Everything that is done to a text before a study runs."""
    source = Source("bent.ticket", text)
    tree, malformed = parse(source)
    if tree is not None and not malformed:
        once = formatted(tree)
        again, wrong = parse(Source("formatted.ticket", once))
        assert again is not None, once
        assert not wrong, once
        assert again.statements == tree.statements, once
        assert formatted(again) == once, once
    found = check(source)
    for diagnostic in found.diagnostics:
        assert concise(diagnostic)
    starts = [d.at.start for d in found.diagnostics if d.at.source is source]
    assert starts == sorted(starts)
    if any(diagnostic.fix for diagnostic in found.diagnostics):
        mended, count = source, 1
        while count:  # one call ends somewhere; several come to an end
            words, count = fixed_text(mended)
            mended = Source("mended.ticket", words)
        assert mended.text != text
        assert not any(diagnostic.fix for diagnostic in check(mended).diagnostics), mended.text
    if found.study is not None:
        said = text_of(statements_of(found.study))
        full = check(Source("full.ticket", said))
        assert full.study is not None, said
        assert text_of(statements_of(full.study)) == said


def run(count: int, seed: int) -> int:
    """Look at so many bent texts. Returns how many broke something."""
    texts = corpus()
    pieces, rng, broken, slowest = pieces_of(texts), random.Random(seed), 0, 0.0
    for number in range(count):
        text = bent(rng, texts, pieces)
        began = time.perf_counter()
        try:
            look_at(text)
        except Exception:
            broken += 1
            folder = ROOT / "build" / "broken"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{seed}-{number}.ticket").write_text(text, encoding="utf-8", newline="")
            (folder / f"{seed}-{number}.txt").write_text(traceback.format_exc(), encoding="utf-8")
        slowest = max(slowest, time.perf_counter() - began)
        if sys.stderr.isatty() and number % 1000 == 0:
            print(f"\r{number:,} texts, {broken} broken, slowest {slowest:.2f}s", end="", file=sys.stderr)
    print(f"{count:,} texts of seed {seed}: {broken} broke something; the slowest took {slowest:.2f}s")
    return broken + (slowest > LONGEST)


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sys.exit(bool(run(args.count, args.seed)))
