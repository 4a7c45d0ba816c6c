"""`ticketrun pretrain SPEC --to FOLDER`: train random weights on masked words, and write them as a model folder."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..study import Study
from . import doorway
from .common import (
    BY_SIGNAL,
    DONE,
    SOME_FAILED,
    SPEC_WRONG,
    WRONG_USE,
    add_checkpoint_argument,
    add_place_arguments,
    add_spec_argument,
    complain,
    console,
    read_study,
    show,
)

NAME = "pretrain"
HELP = "do the pre-training that a study holds, and write a model folder"


def add_arguments(parser: ArgumentParser) -> None:
    add_spec_argument(parser)
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="write it here; must not exist yet")
    add_place_arguments(parser)
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="cpu, cuda, cuda:1 ... (default: a GPU when there is one)"
    )
    add_checkpoint_argument(parser)


def main(args: Namespace) -> int:
    if args.to.exists():
        return complain(f"{args.to} is there already; name a folder that is not", WRONG_USE)
    study = read_study(args.spec, args.settings)
    if study is None:
        return SPEC_WRONG
    try:
        return pretrain(study, args)
    except doorway.troubles() as trouble:
        return complain(str(trouble))


def pretrain(study: Study, args: Namespace) -> int:
    from ..readiness import what_cannot_run_yet

    session = doorway.open_session(study, args.spec, args.data, args.store)
    if problems := tuple(what_cannot_run_yet(study)) or session.gathered.diagnostics or session.make_ready():
        show(problems)
        return SPEC_WRONG
    ran = session.pretrain(args.to, doorway.listener(console().is_terminal), args.device, args.checkpoint)
    if ran is None:
        return complain(
            f"{args.spec} holds no pre-training: name `arm untrained {{ mask none; weights random all }}` among its"
            " baselines, and a task of kind `masked words` as a source or target",
            SPEC_WRONG,
        )
    if ran.interrupted is not None:
        return BY_SIGNAL + ran.interrupted
    if ran.failed:
        return SOME_FAILED
    console().print(f"wrote {args.to}")
    return DONE
