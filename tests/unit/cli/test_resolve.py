from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.resolve import main
from tests.unit.system.test_resolver import tree, write

__all__ = ["tree"]
Run = Callable[..., tuple[int, str, str]]
LAUNCH = [sys.executable, "-c", "from lkm.cli.main import run; run()", "resolve"]


@pytest.fixture
def run(tree: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["resolve", "-d", str(tree), "-S", "6.1", "-C", str(tree / "conf"), "--no-cmdline", *words])
        out, err = capfdbinary.readouterr()
        return status, out.decode("utf-8", "surrogateescape"), err.decode()

    return call


def test_answers_in_order(run: Run) -> None:
    assert run("eth0", "pci:v1", "ext4") == (0, "eth0\te1000e\npci:v1\te1000e\next4\text4\n", "")


def test_unknown_ones_are_answered_too(run: Run) -> None:
    assert run("usb:v1", "eth0") == (1, "usb:v1\t-\neth0\te1000e\n", "")


def test_json(run: Run) -> None:
    status, out, _ = run("--json", "ext4", "nosuch")
    assert status == 1
    assert [json.loads(line) for line in out.splitlines()] == [
        {"name": "ext4", "modules": ["ext4"], "blacklisted": [], "builtin": True},
        {"name": "nosuch", "modules": [], "blacklisted": [], "builtin": False},
    ]


def test_raw_asks_the_indexes_only(run: Run) -> None:
    assert run("-r", "eth0", "pci:v1") == (1, "eth0\t-\npci:v1\te1000e\n", "")


def test_blacklisted_ones_are_left_out(run: Run, tree: Path) -> None:
    (tree / "conf/b.conf").write_text("blacklist e1000e\n")
    assert run("pci:v1", "e1000e")[:2] == (0, "pci:v1\te1000e\ne1000e\te1000e\n")
    assert run("-b", "pci:v1", "e1000e")[:2] == (1, "pci:v1\t-\ne1000e\te1000e\n")


def test_bad_lines_of_the_configuration_are_told(run: Run, tree: Path) -> None:
    (tree / "conf/b.conf").write_text("alais x y\n")
    status, out, err = run("eth0")
    assert (status, out) == (0, "eth0\te1000e\n")
    assert f"{tree}/conf/b.conf:1" in err


def test_a_broken_index_is_told_once(run: Run, tree: Path) -> None:
    (tree / "lib/modules/6.1/modules.alias.bin").write_bytes(b"garbage of some length")
    status, out, err = run("pci:v1", "pci:v2", "eth0")
    assert (status, out) == (2, "pci:v1\t-\npci:v2\t-\neth0\te1000e\n")
    assert err.count("modules.alias.bin") == 1


def test_no_such_directory(run: Run) -> None:
    status, out, err = run("-S", "7.0", "x")
    assert (status, out) == (2, "")
    assert "lib/modules/7.0" in err


def test_bad_options(run: Run) -> None:
    assert run("--nosuch") == (
        2, "", "resolve: ERROR: unrecognized option '--nosuch'\n  lkm resolve --help lists the options\n"
    )  # fmt: skip


@pytest.mark.parametrize("text", [b"eth0\n\npci:v1\nx\xff", b"eth0\n\npci:v1\nx\xff\n"])
def test_lines_of_standard_input(tree: Path, text: bytes) -> None:
    command = [*LAUNCH, "-d", str(tree), "-S", "6.1", "-C", str(tree / "conf"), "--no-cmdline"]
    ran = subprocess.run(command, input=text, capture_output=True)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert ran.stdout == b"eth0\te1000e\n\t-\npci:v1\te1000e\nx\xff\t-\n"


def test_a_program_may_go_on_asking(tree: Path) -> None:
    command = [*LAUNCH, "-d", str(tree), "-S", "6.1", "-C", str(tree / "conf"), "--no-cmdline"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdin and child.stdout
        answers = io.BufferedReader(child.stdout)  # type: ignore[type-var]
        child.stdin.write(b"pci:v1\n")
        assert answers.readline() == b"pci:v1\te1000e\n"
        write(tree / "lib/modules/6.1/modules.alias.bin", {"pci:v*": "snd_x"})
        child.stdin.write(b"pci:v1\n")
        assert answers.readline() == b"pci:v1\tsnd_x\n"
        child.stdin.close()
        assert child.wait() == 0


def test_help(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert "lkm resolve" in out and "--use-blacklist" in out


def test_a_reader_that_goes_away(tree: Path) -> None:
    command = [*LAUNCH, "-d", str(tree), "-S", "6.1", "-C", str(tree / "conf"), "--no-cmdline", "eth0"]
    read, write_end = os.pipe()
    os.close(read)
    ran = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    assert (ran.returncode, ran.stderr) == (141, b"")
