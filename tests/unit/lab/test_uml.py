from __future__ import annotations

import collections
import os
from pathlib import Path

import pytest

from lkm.errors import LabError
from lkm.lab import uml
from lkm.lab.guest import Pipes, in_bytes

Found = collections.namedtuple("Found", "f_flag f_bavail f_frsize")


def test_command_line() -> None:
    words = uml.options(Path("/tmp/x"), "256M", " a=1  b ", 5, 6, 7)
    assert words[0] == "mem=256M"
    assert {"init=/tmp/x/init-uml.sh", "LAB_DIR=/tmp/x", "uml_dir=/tmp/x/"} <= set(words)
    assert [word for word in words if word.startswith("con")] == [
        *("con=null", "con0=null,fd:1", "con1=null,fd:5", "con2=null,fd:6", "con3=null,fd:7")
    ]
    assert words[-2:] == ["a=1", "b"]


def test_the_memory_goes_where_it_has_room_and_may_be_executed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    noexec, small, good = (str(tmp_path / name) for name in ("noexec", "small", "good"))
    for path in (noexec, small, good):
        os.mkdir(path)
    facts = {noexec: Found(os.ST_NOEXEC, 100, 1 << 20), small: Found(0, 63, 1 << 20), good: Found(0, 64, 1 << 20)}

    def statvfs(path: str) -> Found:
        if path not in facts:
            raise FileNotFoundError(2, "No such file or directory")
        return facts[path]

    monkeypatch.setattr(os, "statvfs", statvfs)
    missing = str(tmp_path / "missing")
    assert uml.memory_directory(64 << 20, (missing, noexec, small, good)) == good
    with pytest.raises(LabError) as caught:
        uml.memory_directory(64 << 20, (missing, noexec, small))
    assert str(caught.value) == (
        f"no directory can hold the guest's memory of 64 MiB ({missing}: No such file or directory; "
        f"{noexec}: mounted noexec; {small}: 63 MiB free)"
    )
    assert caught.value.hint.startswith("set TMPDIR")


@pytest.mark.parametrize("size", ["", "M", "512", "-1M", "5T", "½M"])
def test_a_size_that_makes_no_sense(size: str) -> None:
    with pytest.raises(LabError, match="is no size of memory"):
        in_bytes(size)


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Pipes(("out", "status")) as pipes, pytest.raises(LabError) as caught:
        uml.machine(tmp_path, pipes, memory="512M", append="")
    assert str(caught.value) == "linux.uml is not installed"
    assert caught.value.hint == "apt-get install --no-install-recommends user-mode-linux"
