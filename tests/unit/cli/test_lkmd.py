"""``lkm lkmd``: its arguments. What it does: tests/unit/system/test_lkmd.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli import lkmd
from lkm.cli.main import main
from tests.support.daemon import sim_world


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x"], "'x' is not understood"),
        (["--nosuch"], "unrecognized option"),
        (["--jobs", "0"], "--jobs is a number from 1 to 50"),
        (["--jobs", "many"], "--jobs is a number, not 'many'"),
        (["--autoclean", "-1"], "--autoclean is a number"),
        (["--log", "paper"], "--log is one of auto, journal, syslog, stderr"),
        (["--log", "stderr", "-d", "/nowhere"], "there is no such module directory"),
    ],
)
def test_what_makes_no_sense(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lkmd", *words]) == 2
    assert said in capfd.readouterr().err


def test_an_address_that_is_none_and_a_socket_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in sim_world(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert main(["lkm", "lkmd", "--log", "stderr", "--socket", f"{tmp_path}/s", "--metrics", "x"]) == 2
    assert "'x' is no address" in capfd.readouterr().err
    assert main(["lkm", "lkmd", "--log", "stderr", "--socket", f"{tmp_path}/w/s"]) == 2
    assert f"{tmp_path}/w" in capfd.readouterr().err


def test_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "lkmd", "--help"]) == 0
    out = capfd.readouterr().out
    assert all(f"--{option.long}" in out for option in lkmd.OPTIONS if option.long)
