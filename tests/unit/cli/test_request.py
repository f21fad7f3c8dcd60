"""``lkm request``: asking a daemon; words, JSON, exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli.main import main
from tests.support import schema
from tests.support.daemon import Daemon, sim_world


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    for name, value in sim_world(tmp_path).items():
        monkeypatch.setenv(name, value)
    return Daemon(tmp_path, "--no-uevents")


def test_words_json_and_status(daemon: Daemon, capfd: pytest.CaptureFixture[str]) -> None:
    with daemon:
        assert main(["lkm", "request", "--socket", daemon.socket, "fs-vfat", "fat"]) == 0
        said = capfd.readouterr().out  # both are worked on at once: either may be the one that loads fat
        there = "fs-vfat: loaded fat, vfat\nfat: is there already\n"
        assert said in (there, "fs-vfat: loaded vfat\nfat: loaded fat\n"), said
        assert main(["lkm", "request", "--socket", daemon.socket, "fat", "nosuch", "fs-other"]) == 3
        lines = capfd.readouterr().out.splitlines()
        assert lines[0] == "fat: is there already" and lines[1].startswith("nosuch: not loaded (not-found): ")
        assert main(["lkm", "request", "--json", "--stays", "--socket", daemon.socket, "fs-msdos"]) == 0
        answer = schema.check(capfd.readouterr().out)
        (request,) = answer["requests"]
        assert request["alias"] == "fs-msdos" and request["outcome"]["modules"] == ["msdos"]
        many = [f"nosuch-{number}" for number in range(200)]
        assert main(["lkm", "request", "--socket", daemon.socket, *many]) == 3
        assert [line.split(":")[0] for line in capfd.readouterr().out.splitlines()] == many
    assert [entry["autoclean"] for entry in daemon.entries() if entry["alias"] == "fs-msdos"] == [False]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a module or an alias"),
        (["--timeout", "x", "fat"], "--timeout is a number of seconds, not 'x'"),
        (["--socket", "/nowhere/s", "fat"], "/nowhere/s: No such file or directory\n  is the daemon there?"),
        (["--nosuch"], "unrecognized option"),
    ],
)
def test_what_cannot_be_asked(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "request", *words]) == 2
    assert said in capfd.readouterr().err


def test_a_name_that_is_too_long(daemon: Daemon, capfd: pytest.CaptureFixture[str]) -> None:
    with daemon:
        assert main(["lkm", "request", "--socket", daemon.socket, "fat", "x" * 5000]) == 2
    assert "cannot be asked for: the alias is longer than 4095 bytes" in capfd.readouterr().err
