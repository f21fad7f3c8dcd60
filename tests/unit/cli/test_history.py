from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lkm.autoload.history import parse
from lkm.autoload.nouns import ALLOW, DENY, KERNEL, USER, Entry, Outcome, Request, Verdict
from lkm.cli.history import main, moment
from lkm.errors import UsageError
from lkm.system.history import History
from tests.support.kernels import LKM

ENTRIES = (
    Entry(Request("fs-minix", KERNEL, 1000.25), Verdict(ALLOW), Outcome(0, "done", ("minix",), "", 0.02)),
    Entry(Request("net-pf-21", KERNEL, 2000.5), Verdict(DENY, "no")),
    Entry(Request("tun", USER, 3000.0, 1, 0, "sh"), Verdict(ALLOW), Outcome(3, "not-found", (), "no tun")),
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LKM_HISTORY", str(tmp_path / "history"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for entry in ENTRIES:
        History().append(entry)
    return tmp_path / "history"


def shown(capfd: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["history", *words]) == status
    return capfd.readouterr().out


def test_all_of_it(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert shown(capfd) == (
        "1970-01-01 00:16:40.250 kernel fs-minix: loaded minix (20 ms)\n"
        "1970-01-01 00:33:20.500 kernel net-pf-21: deny: no\n"
        "1970-01-01 00:50:00.000 user 0 (sh, 1) tun: not-found: no tun (0 ms)\n"
    )
    assert [parse(line) for line in shown(capfd, "--json").splitlines()] == list(ENTRIES)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--since", "@2000.5"), 2),
        (("--since", "@1000", "--until", "1970-01-01 00:40"), 2),
        (("--since", "1h"), 0),
        (("--alias", "minix"), 1),
        (("--alias", "*"), 3),
        (("--requester", "user"), 1),
        (("--verdict", "deny"), 1),
        (("--failed",), 1),
        (("--requester", "boot"), 0),
    ],
)
def test_a_part_of_it(words: tuple[str, ...], count: int, path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert shown(capfd, *words).count("\n") == count


def test_torn_lines_are_told_of(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with path.open("a") as file:
        file.write('{"at": 1')
    assert main(["history"]) == 0
    out, err = capfd.readouterr()
    assert out.count("\n") == 3
    assert err.startswith(f"lkm history: WARNING: {path}:4: a torn line")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("x",), "unknown word 'x'"),
        (("--since", "soon"), "no time: 'soon'"),
        (("--requester", "me"), "unknown requester 'me'"),
        (("--verdict", "no"), "unknown verdict 'no'"),
    ],
)
def test_what_makes_no_sense(
    words: tuple[str, ...], said: str, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", *words]) == 2
    assert said in capfd.readouterr().err


def test_nothing_was_asked_for_yet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--file", str(tmp_path / "none")]) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("path")
def test_times() -> None:
    assert moment("2h", 10000.0) == 2800.0
    assert moment("7d", 7 * 86400.0) == 0.0
    assert (
        moment("1970-01-02", 0.0) == moment("1970-01-02 00:00", 0.0) == moment("1970-01-02T00:00:00", 0.0) == 86400.0
    )
    assert moment("00:05", 86400.0 + 5000) == 86400.0 + 300
    for text in ("", "m", "-5m", "@", "@x", "5x", "25:00", "1970-13-01"):
        with pytest.raises(UsageError):
            moment(text, 0.0)


def test_following(path: Path) -> None:
    follower = subprocess.Popen(
        [sys.executable, LKM, "history", "-f", "--json"], stdout=subprocess.PIPE, env=os.environ
    )
    assert follower.stdout
    for entry in ENTRIES:
        assert json.loads(follower.stdout.readline())["alias"] == entry.request.alias
    History().append(ENTRIES[0])
    assert json.loads(follower.stdout.readline())["alias"] == "fs-minix"
    follower.send_signal(signal.SIGINT)
    assert follower.wait() == 130
    follower.stdout.close()
