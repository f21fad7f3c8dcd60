from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli import messages
from lkm.cli.main import main
from lkm.cli.modprobe import OPTIONS, Choices, split_words
from lkm.cli.options import parse
from lkm.errors import LkmError


def choices(*arguments: str, environment: str = "") -> Choices:
    return Choices(parse(OPTIONS, list(arguments))[0], environment)


@pytest.mark.parametrize("word", ["-x", "--nosuch", "--config", "-C"])
def test_bad_options(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modprobe", word]) == 1
    assert capsys.readouterr().err.startswith("modprobe: ")


def test_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modprobe", "-v"]) == 1
    assert capsys.readouterr().err == "modprobe: ERROR: missing parameters. See -h.\n"
    assert main(["modprobe", "-q"]) == 1  # what is wrong with the call itself is said all the same
    assert capsys.readouterr().err == "modprobe: ERROR: missing parameters. See -h.\n"


def test_an_empty_version_is_not_the_running_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modprobe", "-n", "-S", "", "fat"]) == 1
    assert capsys.readouterr().err == "modprobe: ERROR: the version after -S (--set-version) is empty.\n"


def test_wait_wants_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert choices("-w", "20").wait == 20
    for bad in ("x", "-1", "", "1x", "²"):
        with pytest.raises(LkmError):
            choices(f"--wait={bad}")
    assert main(["modprobe", "-r", "-w", "x", "fat"]) == 1
    assert capsys.readouterr().err == "modprobe: ERROR: unexpected wait value 'x'.\n"


def test_how_much_is_said() -> None:
    assert choices().verbosity == messages.WARNING
    assert choices("-q").verbosity == 0
    assert choices("-q", "-v").verbosity == 1
    assert choices("-vvv").verbosity == messages.DEBUG
    assert [choices(*a).shows for a in ([], ["-v"], ["-D"], ["-D", "-q"], ["-n"])] == [False, True, True, True, False]


def test_flags_for_the_kernel() -> None:
    flags = [choices(*a).flags for a in ([], ["-f"], ["--force-modversion"], ["--force-vermagic"])]
    assert flags == [0, 3, 1, 2]


def test_commands_inherit_how_to_speak_and_what_to_read() -> None:
    assert choices("-v", "-q", "-s", "-n", "-C", "/x", "-C/y").inherited == "-v -q -s -C /x -C /y"
    assert choices("-v", environment="-b").inherited == "-b -v"
    assert choices().inherited == ""


def test_old_names_are_taken() -> None:
    old = (
        "--remove-dependencies",
        "--ignore-remove",
        "--resolve-alias",
        "--showconfig",
        "--dump-modversions",
        "--show",
    )
    assert [key for word in old for key in choices(word).values] == [
        *("remove-holders", "ignore-install", "show-alias", "show-config", "show-modversions", "dry-run")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  ", []),
        ("-v  -C /x ", ["-v", "-C", "/x"]),
        ("'a b'\"c d\"e", ["a bc de"]),
        ("-v '' x", ["-v", "", "x"]),
        ("it's", ["it's"]),
        ('"it\'s"', ["it's"]),
    ],
)
def test_words_of_the_environment(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_options_of_the_environment_come_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("MODPROBE_OPTIONS", f"-d {tmp_path} --set-version=1 -q")
    assert main(["modprobe", "nosuch"]) == 1
    assert main(["modprobe", "-vv", "nosuch"]) == 1
    assert (
        capsys.readouterr().err == f"modprobe: FATAL: Module nosuch not found in directory {tmp_path}/lib/modules/1\n"
    )


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modprobe", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: modprobe [options] NAME")
    assert all(f"--{option.long}" in text for option in OPTIONS)
    assert main(["modprobe", "-V"]) == 0


def test_a_wait_of_thousands_of_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["modprobe", "-r", "-w", "9" * 5000, "fat"]) == 1
    assert capsys.readouterr().err == f"modprobe: ERROR: unexpected wait value '{'9' * 5000}'.\n"
