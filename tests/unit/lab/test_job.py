from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.lab import job

WORDS = st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"")), min_size=1, max_size=5)


@given(words=WORDS)
def test_the_shell_reads_back_what_was_quoted(words: list[bytes]) -> None:
    script = b"printf '%s\\0' " + b" ".join(map(job.quote, words))
    assert subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout.split(b"\0") == [
        *words,
        b"",
    ]


def test_command_text_goes_to_the_directory_and_becomes_the_command(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path / "a 'place'")
    os.mkdir(place)
    text = job.command_text(
        ["sh", "-c", "pwd; echo $PATH $HOME $TERM $LANG $SECRET; exit 5"], place, {"LANG": "C.UTF-8"}
    )
    done = subprocess.run(["/bin/sh", "-c", text], env={}, capture_output=True, check=False)
    assert done.returncode == 5
    directory, environment = done.stdout.splitlines()
    assert directory == place
    assert environment.decode().startswith(f"{job.own_directory()}:/usr/local/sbin:")
    assert environment.endswith(b"/bin /root linux C.UTF-8")


def test_a_directory_that_the_guest_has_not_is_125(tmp_path: Path) -> None:
    text = job.command_text(["true"], os.fsencode(tmp_path / "missing"), {})
    assert subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=False).returncode == 125


def test_own_directory_is_that_of_the_running_lkm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "lkm")])
    assert job.own_directory() == str(tmp_path)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    assert job.own_directory() == os.path.dirname(sys.executable)


def test_the_guests_scripts_are_shell() -> None:
    scripts = sorted(job.SCRIPTS.glob("*.sh"))
    assert [path.name for path in scripts] == ["init-qemu.sh", "init-uml.sh", "job.sh"]
    for script in scripts:
        subprocess.run(["/bin/sh", "-n", str(script)], check=True)
