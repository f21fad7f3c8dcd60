from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.system.private import write_private


def test_a_file_is_replaced_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o666)
    write_private(str(path), b"new")
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="No space left on device") as caught:
        write_private(str(path), b"new")
    assert caught.value.where == str(path)
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["file"])


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="No such file"):
        write_private(f"{tmp_path}/gone/file", b"")
