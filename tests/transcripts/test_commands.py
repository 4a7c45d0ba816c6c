"""A word that is no command, said before a spec or alone."""

from pathlib import Path

import pytest

from ticketlang.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reprot", "theirs.ticket"), "`reprot` is no command; did you mean `report`?"),
        (("reprot", "--no-html", "theirs.ticket"), "`reprot` is no command; did you mean `report`?"),
        (("validat",), "`validat` is no command; did you mean `validate`?"),
        (("qqq", "theirs.ticket"), "`qqq` is no command; `ticketrun --help` names all there are"),
    ],
)
def test_a_mistyped_command_is_told_from_a_spec(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == f"ticketrun: {said}\n"


@pytest.mark.parametrize("spec", ["report.ticket", "folder/reprot", "qqq"])
def test_what_may_be_a_spec_is_run(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    main((spec,))
    assert f"{spec} cannot be read" in capsys.readouterr().err


def test_a_spec_may_be_called_like_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reprot").write_text("task t {}\n")
    assert main(("reprot",)) == 1
    assert "is no command" not in capsys.readouterr().err
