from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lkm import __version__
from lkm.cli.main import CLASSIC, TOOLS, main, usage

SOURCES = Path(__file__).parents[3] / "src/lkm/cli"


def test_the_first_word_chooses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lsmod", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: lsmod ")


@pytest.mark.parametrize("name", CLASSIC)
def test_argv_0_chooses_a_classic_tool(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([f"/some/where/{name}", "-h"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: {name} ")


def test_every_tool_that_help_names_is_there() -> None:
    assert set(CLASSIC) < set(TOOLS)
    for name in TOOLS:
        assert (SOURCES / f"{name}.py").is_file(), name
        assert f"  {name} " in usage()


@pytest.mark.parametrize("word", ["help", "-h", "--help"])
def test_help_goes_to_stdout(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main(["lkm", word]) == 0
    assert capsys.readouterr() == (usage(), "")


def test_no_word_is_an_error_with_help_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm"]) == 1
    assert main([]) == 1
    assert capsys.readouterr() == ("", usage() * 2)


@pytest.mark.parametrize("word", ["-V", "--version", "version"])
def test_version(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main(["lkm", word]) == 0
    assert capsys.readouterr() == (f"lkm {__version__}\n", "")


@pytest.mark.parametrize("word", ["nope", "main", "options", "../main", "", "-x"])
def test_what_is_no_tool(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main(["lkm", word]) == 1
    assert capsys.readouterr() == ("", f"lkm: there is no tool '{word}'; 'lkm help' lists them\n")


def test_a_reader_that_goes_away_ends_the_tool_quietly() -> None:
    code = "import sys; from lkm.cli.main import run; sys.argv[:] = ['lkm', 'help']; run()"
    done = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout and done.stderr
    done.stdout.close()
    assert done.stderr.read() == b""
    assert done.wait() == 141
    done.stderr.close()
