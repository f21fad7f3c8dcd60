from __future__ import annotations

import pytest

from lkm import __version__
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand

TABLE = (Option("b", "basedir", "DIR", "a root"), VERSION, HELP)


def ask(*argv: str) -> tuple[list[tuple[str, str]], list[str]] | int:
    return understand("tool", "tool [options]", TABLE, list(argv))


def test_options_and_operands_are_handed_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("x", "-b", "/r", "--", "-V") == ([("basedir", "/r")], ["x", "-V"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("word", ["-h", "--help", "--he"])
def test_help(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert ask("x", word, "--nonsense") == 0
    said = capsys.readouterr()
    assert said.out.startswith("usage: tool [options]\n\noptions:\n  -b, --basedir=DIR    a root\n")
    assert said.err == ""


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_version_has_the_shape_of_kmods(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert ask(word, "-h", "-?") == 0
    assert capsys.readouterr() == (f"lkm version {__version__}\n", "")


def test_what_comes_first_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--nonsense", "-h") == 1
    assert capsys.readouterr() == ("", "tool: unrecognized option '--nonsense'\n")
    assert ask("-hV") == 0
    assert capsys.readouterr().out.startswith("usage: ")
