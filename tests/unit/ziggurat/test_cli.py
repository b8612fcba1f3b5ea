"""What the command says to whoever calls it wrongly, and where it cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from ziggurat import cli

USAGE = 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: command"),
        (["sweep"], "invalid choice: 'sweep' (choose from"),
        (["ps", "now"], "unrecognized arguments: now"),
        (["clean", "--all"], "unrecognized arguments: --all"),
    ],
)
def test_a_wrong_call_is_told_how_it_goes(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; nothing was done."""
    with pytest.raises(SystemExit) as caught:
        cli.main(words)

    said = capsys.readouterr()
    assert (caught.value.code, said.out) == (USAGE, "")
    assert "usage: ziggurat [-h] [--json] {ps,clean}" in said.err
    assert told in said.err


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_a_folder_of_runs_that_cannot_be_is_told_in_one_line(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the variable that says where it is."""
    (tmp_path / "ziggurat").write_text("a file")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert cli.main([command]) == 70
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"ziggurat: {tmp_path}/ziggurat cannot be made (File exists): set XDG_RUNTIME_DIR to ")
    assert said.err.count("\n") == 1


def test_a_folder_of_runs_that_others_may_enter_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever may write there could say whose processes are to be ended."""
    (tmp_path / "ziggurat").mkdir(mode=0o755)
    (tmp_path / "ziggurat").chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert cli.main(["clean"]) == 70
    assert "must be a folder of this user's alone (mode 0700)" in capsys.readouterr().err
