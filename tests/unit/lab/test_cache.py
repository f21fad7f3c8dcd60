from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest

from lkm.errors import LabError
from lkm.lab.cache import cache_dir, made_once


def test_the_cache_is_where_the_user_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_dir() == tmp_path / "cache/lkm"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cache_dir() == tmp_path / f"lkm-{os.geteuid()}"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == tmp_path / "home/.cache/lkm"


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have a home that cannot be made; return what is used instead."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file/home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"lkm-{os.geteuid()}"


def test_without_a_home_a_private_directory_does(homeless: Path) -> None:
    assert cache_dir() == homeless
    assert homeless.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", ["link", "writable by all"])
def test_a_directory_that_others_may_have_put_there_is_refused(homeless: Path, how: str) -> None:
    if how == "link":
        homeless.symlink_to(homeless.parent)
    else:
        homeless.mkdir()
        homeless.chmod(0o777)
    with pytest.raises(LabError, match="no directory to keep kernels in") as caught:
        cache_dir()
    assert caught.value.hint == "set XDG_CACHE_HOME to a directory of yours"


def test_made_once_though_many_want_it(tmp_path: Path) -> None:
    made = []

    def make(work: Path) -> None:
        made.append(work)
        (work / "file").write_text("whole")

    threads = [threading.Thread(target=made_once, args=(tmp_path / "sub/x", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert made_once(tmp_path / "sub/x", make) / "file" == tmp_path / "sub/x/file"
    assert (tmp_path / "sub/x/file").read_text() == "whole"


def test_a_maker_that_fails_leaves_nothing_and_the_next_may_try(tmp_path: Path) -> None:
    def fail(work: Path) -> None:
        (work / "half").touch()
        raise LabError("no")

    with pytest.raises(LabError):
        made_once(tmp_path / "x", fail)
    # As after a SIGKILL.
    (tmp_path / ".x.new").mkdir()
    (tmp_path / ".x.new/old").touch()
    made_once(tmp_path / "x", lambda work: (work / "file").touch())
    assert os.listdir(tmp_path / "x") == ["file"]
    assert sorted(os.listdir(tmp_path)) == [".x.lock", "x"]
