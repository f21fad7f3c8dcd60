"""A set of files is replaced as one: whoever looks after a kill at any system call sees the old or the new set."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from typing import NoReturn

import pytest

from lkm.errors import MachineError
from lkm.system import fileset
from lkm.system.fileset import RECORD, SetWriter, pending, recover, replace_file, write_set

OLD = {"modules.a": b"old a", "modules.b": b"old b", "modules.c": b"old c"}
NEW = {"modules.a": b"new a", "modules.b": b"new b", "modules.d": b"new d"}
CALLS = ("open", "write", "fsync", "rename", "unlink", "close", "lstat", "listdir")


def test_a_set_is_written_and_no_temporary_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    write_set(str(tmp_path), {"a": b"new", "b": b""})
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"new", "b": b""}


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_when_one_file_cannot_be_written_none_is_replaced(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old a")
    (tmp_path / "b").write_bytes(b"old b")
    real = getattr(os, call)
    calls = []

    def full(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "full")
        return real(*args)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(MachineError) as caught:
        write_set(str(tmp_path), {"a": b"new a", "b": b"new b"})
    assert caught.value.errno == errno.ENOSPC
    assert "old files are unchanged" in caught.value.hint
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"old a", "b": b"old b"}


@pytest.mark.parametrize("threads", [True, False])
def test_a_file_put_twice_is_the_last_one(threads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not threads:
        monkeypatch.setattr(fileset, "start_new_thread", no_thread)
    with SetWriter(str(tmp_path)) as writer:
        writer.put("a", b"first")
        writer.put("b", b"")
        writer.put("a", b"second")
        writer.commit()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"second", "b": b""}
    with SetWriter(str(tmp_path)) as writer:
        writer.put("a", b"third")
        monkeypatch.setattr(fileset, "write_file", no_thread)
        writer.put("a", b"fourth")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"second", "b": b""}


def no_thread(*_: object) -> NoReturn:
    raise RuntimeError if len(_) == 2 and callable(_[0]) else OSError(errno.ENOSPC, "full")


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="No such file or directory") as caught:
        write_set(str(tmp_path / "no"), {"a": b""})
    assert caught.value.where == str(tmp_path / "no")


def as_read(directory: Path) -> dict[str, bytes]:
    """Return what our readers see."""
    waiting = pending(str(directory))
    names = {p.name for p in directory.iterdir() if not p.name.endswith(".lkm-new") and p.name != RECORD}
    return {name: Path(waiting.get(name, directory / name)).read_bytes() for name in names | set(waiting)}


def killed(directory: Path, at: int, *, after: bool, action: object = None) -> bool:
    """Write the new set in a child that dies at its system call number ``at``; tell whether it did."""
    child = os.fork()
    if not child:
        try:
            numbers = itertools.count(1)  # counts right in several threads
            for name in CALLS:

                def call(*args: object, real: object = getattr(os, name), **more: object) -> object:
                    number = next(numbers)
                    if number == at and not after:
                        os._exit(9)
                    try:
                        return real(*args, **more)  # type: ignore[operator]
                    finally:
                        if number == at:
                            os._exit(9)

                setattr(os, name, call)
            if action == "recover":
                recover(str(directory))
            else:
                write_set(str(directory), NEW)
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


def start(directory: Path) -> Path:
    directory.mkdir()
    for name, data in OLD.items():
        (directory / name).write_bytes(data)
    return directory


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_call_leaves_the_old_or_the_new_set(after: bool, tmp_path: Path) -> None:
    seen = []
    at = 1
    while killed(start(tmp_path / str(at)), at, after=after):
        directory = tmp_path / str(at)
        found = as_read(directory)
        assert found in (OLD, OLD | NEW), at
        seen.append(found == OLD)
        plain = {p.name: p.read_bytes() for p in directory.iterdir() if p.name in OLD | NEW}
        if not (directory / RECORD).exists():
            assert plain in (OLD, OLD | NEW)  # also for readers that know of no record
        recover(str(directory))
        assert {p.name: p.read_bytes() for p in directory.iterdir()} == found
        at += 1
    assert seen == sorted(seen, reverse=True)
    assert seen.count(True) > 20
    assert seen.count(False) > 5
    assert as_read(tmp_path / str(at)) == OLD | NEW


def half_done(directory: Path) -> None:
    """Leave a decided set of which one file is renamed."""
    start(directory)
    at = 1
    while True:
        for path in directory.iterdir():
            path.unlink()
        directory.rmdir()
        start(directory)
        assert killed(directory, at, after=True)
        if (directory / "modules.a").read_bytes() == b"new a":
            return
        at += 1


def test_a_kill_while_another_kill_is_mended(tmp_path: Path) -> None:
    at = 1
    while True:
        directory = tmp_path / str(at)
        half_done(directory)
        died = killed(directory, at, after=True, action="recover")
        assert as_read(directory) == OLD | NEW
        if not died:
            return
        at += 1


def test_a_record_counts_no_more_when_another_tool_wrote_since(tmp_path: Path) -> None:
    directory = tmp_path / "d"
    half_done(directory)
    assert sorted(pending(str(directory))) == ["modules.b", "modules.d"]
    for name in ("modules.a", "modules.b"):
        (directory / "t").write_bytes(b"of kmod")
        (directory / "t").rename(directory / name)
    assert pending(str(directory)) == {}
    recover(str(directory))
    assert {p.name: p.read_bytes() for p in directory.iterdir()} == {
        "modules.a": b"of kmod",
        "modules.b": b"of kmod",
        "modules.c": b"old c",
    }


@pytest.mark.parametrize(
    "text", ["", "end", "a b c\nend", "../x modules.x.lkm-new -1 -1 -1\nend", "x /y 1 1 1\nend", "x"]
)
def test_a_record_that_is_none_counts_for_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(text)
    assert pending(str(tmp_path)) == {}
    recover(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_after_the_decision_ends_the_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename
    seen = []

    def interrupted(old: str, new: str) -> None:
        seen.append(new)
        if len(seen) == 3:
            raise KeyboardInterrupt
        real(old, new)

    monkeypatch.setattr(os, "rename", interrupted)
    start(tmp_path / "d")
    with pytest.raises(KeyboardInterrupt):
        write_set(str(tmp_path / "d"), NEW)
    assert {p.name: p.read_bytes() for p in (tmp_path / "d").iterdir()} == OLD | NEW


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    lock = fileset._lock(str(tmp_path))
    child = os.fork()
    if not child:
        os.close(lock)
        write_set(str(tmp_path), NEW)
        os._exit(0)
    assert os.waitpid(child, os.WNOHANG) == (0, 0)
    assert list(tmp_path.iterdir()) == []
    os.close(lock)
    assert os.waitpid(child, 0)[1] == 0
    assert as_read(tmp_path) == NEW


def test_one_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    replace_file(str(tmp_path / "link"), b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600
    with pytest.raises(MachineError):
        replace_file(str(tmp_path / "none"), b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
    for name in ("link", "none"):  # ours: a link is replaced, not what it leads to
        replace_file(str(tmp_path / name), b"ours", 0o755)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o755 and not (tmp_path / name).is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
