from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli import lab
from lkm.cli.main import main


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ([], 0),
        (["--", "ls"], 0),
        (["ls", "-l"], 0),
        (["--timeout", "5", "ls", "--help"], 2),
        (["--timeout=5", "--kern", "x", "--", "ls"], 3),
        (["--timeout"], 1),
    ],
)
def test_the_command_starts_at_the_first_word_that_is_no_option(words: list[str], at: int) -> None:
    assert lab.command_at(lab.RUN, words) == at


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "lkm lab run: there is no command to run\n"),
        (["run", "--timeout", "soon", "true"], "lkm lab run: 'soon' is no number of seconds\n"),
        (["run", "--timeout", "nan", "true"], "lkm lab run: 'nan' is no number of seconds\n"),
        (["run", "--no", "true"], "lkm lab run: unrecognized option '--no'\n"),
        (["fetch", "a", "b"], "lkm lab fetch: only one package at a time\n"),
    ],
)
def test_bad_arguments(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lab", *words]) == 2
    assert capsys.readouterr().err == said


def test_a_missing_kernel_is_125_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lab", "run", "--kernel", str(tmp_path / "x"), "true"]) == 125
    said = capsys.readouterr().err
    assert said.startswith(f"lkm lab: {tmp_path}/x: no such kernel package\n  say uml, or")


def test_what_cannot_be_shared_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lab", "run", "--rw", str(tmp_path / "x"), "true"]) == 125
    assert capsys.readouterr().err == f"lkm lab: {tmp_path}/x: no directory that the guest could write\n"


def test_a_working_directory_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["lkm", "lab", "run", "true"]) == 125
    assert capsys.readouterr().err == "lkm lab: the working directory is gone\n"


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lab", "--help"]) == 0
    helped = capsys.readouterr().out
    assert main(["lkm", "lab", "run", "--help"]) == 0
    assert capsys.readouterr().out == helped
    assert "--renew" in helped and "124 when the time is over" in helped
    assert main(["lkm", "lab"]) == 2
