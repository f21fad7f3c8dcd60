"""Scanning many modules: the same rows from one process and from several."""

from __future__ import annotations

import marshal
import os
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lkm.index.build import WANTED
from lkm.index.cache import NO_HASH, unpack
from lkm.system import modscan
from lkm.system.modscan import packed, scan_modules
from tests.support.elfwriter import build_module


def write(directory: Path, count: int) -> list[str]:
    for i in range(count):
        info = [("license", "GPL"), ("alias", f"a{i}"), ("softdep", "pre: x"), ("parm", "p:text")]
        data = build_module(modinfo=info, exports=[f"f{i}"], needs=["printk", ".dotted"], weak=["maybe", ".soft"])
        (directory / f"m{i}.ko").write_bytes(data if i % 5 else data[:100])
    return [str(directory / f"m{i}.ko") for i in range(count)] + [str(directory / "gone.ko")]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_rows_come_in_the_order_of_the_paths(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modscan, "_SHARE", 2)
    monkeypatch.setattr(modscan, "_CHUNK", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: workers)
    outcomes = scan_modules(write(tmp_path, 12))
    for i, (facts, *crcs, fault, digest) in enumerate(outcomes[:12]):
        assert (crcs, digest) == ([{}, {}], NO_HASH)
        assert facts is not None
        records, exports, needs, weak = map(unpack, facts)
        if i % 5:
            assert (records, exports) == ([b"alias=a%d" % i, b"softdep=pre: x"], [b"f%d" % i])
            assert sorted(needs) == [b"dotted", b"maybe", b"printk", b"soft"]
            assert (weak, fault) == ([b"maybe", b"soft"], "")
        else:
            assert (records, exports, needs, weak) == ([], [], [], [])
            assert fault
    assert outcomes[12][3] == "No such file or directory"


PIECES = [b"\0", b"alias=", b"softdep=", b"weakdep=", b"license=", b"x", b"=", b"alias"]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
@example(b"alias=a\0\0alias=b")
@example(b"notalias=a\0parm=alias=b\0alias=\0alias=c\0x")
def test_aliases_softdeps_and_weakdeps_are_kept_and_all_else_is_not(modinfo: bytes) -> None:
    wanted = [record for record in modinfo.split(b"\0") if record.startswith(WANTED)]
    assert unpack(packed((modinfo, [], [], frozenset(), {}, {}))[0]) == wanted


def test_the_work_of_a_child_that_dies_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, 8)
    want = scan_modules(paths)
    monkeypatch.setattr(modscan, "_SHARE", 2)
    monkeypatch.setattr(modscan, "_CHUNK", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(marshal, "dumps", lambda *_: os._exit(3))
    assert scan_modules(paths) == want
    monkeypatch.setattr(os, "fork", no_fork)
    assert scan_modules(paths) == want
    monkeypatch.undo()
    monkeypatch.setattr(modscan, "_SHARE", 2)
    monkeypatch.setattr(modscan, "_CHUNKS", 3)
    monkeypatch.setattr(os, "pipe", no_fork)
    assert scan_modules(paths) == want


def no_fork() -> NoReturn:
    raise BlockingIOError(11, "no more processes")
