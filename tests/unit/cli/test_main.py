from __future__ import annotations

import os
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


def shell(line: str, directory: Path) -> tuple[int, str, str]:
    """Run a shell command in which ``$lkm`` starts lkm; return exit status, stdout and stderr."""
    start = f"{sys.executable} -c 'from lkm.cli.main import run; run()'"
    environment = {**os.environ, "lkm": start}
    done = subprocess.run(["sh", "-c", line], cwd=directory, env=environment, capture_output=True, timeout=60)
    return done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr)


@pytest.mark.parametrize("arguments", ["help", "modinfo -V", "modprobe -h", "modprobe -c", "modinfo -n ./x.ko"])
@pytest.mark.parametrize(
    ("stdout", "reason"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
def test_output_that_cannot_be_written(tmp_path: Path, arguments: str, stdout: str, reason: str) -> None:
    (tmp_path / "x.ko").touch()
    tool = arguments.split()[0].replace("help", "lkm")
    said = f"{tool}: FATAL: could not write the output: {reason}\n"
    assert shell(f'eval "$lkm {arguments} {stdout}"', tmp_path) == (1, "", said)


def test_a_tool_without_output_needs_no_stdout(tmp_path: Path) -> None:
    (tmp_path / "lib/modules/6.1").mkdir(parents=True)
    status, _, err = shell('eval "$lkm depmod -b . 6.1 <&- >&-"', tmp_path)
    assert (status, "FATAL" in err) == (0, False)
    assert (tmp_path / "lib/modules/6.1/modules.dep").read_bytes() == b""


def test_messages_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "lib/modules/6.1").mkdir(parents=True)
    status, _, _ = shell('eval "$lkm depmod -b . 6.1 2>/dev/full"', tmp_path)
    assert status == 0
    assert (tmp_path / "lib/modules/6.1/modules.dep.bin").exists()


@pytest.mark.parametrize("arguments", ["depmod -b x 6.1", "modprobe -n -d x -S 6.1 fat"])
def test_a_working_directory_that_is_gone(tmp_path: Path, arguments: str) -> None:
    (tmp_path / "d").mkdir()
    said = f"{arguments.split()[0]}: FATAL: the working directory does not exist any more\n"
    assert shell(f'cd d; rmdir ../d; eval "$lkm {arguments}"', tmp_path) == (1, "", said)


def test_an_error_that_a_tool_did_not_expect(tmp_path: Path) -> None:
    directory = tmp_path / "lib/modules/6.1"
    directory.mkdir(parents=True)
    (directory / "modules.alias.bin").write_bytes(b"no index at all")
    status, out, err = shell('eval "$lkm modprobe -c -C /dev/null -d $PWD -S 6.1"', tmp_path)
    assert (status, out) == (1, "")
    assert err.startswith(f"modprobe: FATAL: {directory}/modules.alias.bin: ")


def test_names_that_are_no_utf_8_are_said_as_they_are(tmp_path: Path) -> None:
    status, _, err = shell("eval \"$lkm modinfo $(printf 'caf\\351.ko')\"", tmp_path)
    assert status == 1
    assert os.fsencode(err).startswith(b"modinfo: ERROR: Module caf\xe9.ko not found.\n")
