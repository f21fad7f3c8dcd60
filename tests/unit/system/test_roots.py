"""Opening several roots as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.index.triewriter import value_block, write_trie
from lkm.system.roots import lacks, open_roots
from tests.support.elfwriter import build_module


def root(place: Path, name: str) -> Path:
    directory = place / "usr/lib/modules/1"
    directory.mkdir(parents=True)
    line = f"{name}.ko:".encode()
    (directory / "modules.dep.bin").write_bytes(write_trie({name.encode(): value_block([(0, line)])}))
    (directory / f"{name}.ko").write_bytes(build_module(name))
    return directory


def test_roots_are_opened_once_each(tmp_path: Path) -> None:
    base, more = root(tmp_path / "base", "a"), root(tmp_path / "more", "b")
    (tmp_path / "same").symlink_to("more")
    index, problems = open_roots(str(base), "1", [str(tmp_path / name) for name in ("more", "same", "base")])
    assert index.directories == (str(base), str(more)) and problems == ()
    assert [entry.path for entry in index.all_modules()] == [f"{base}/a.ko", f"{more}/b.ko"]


def test_roots_that_give_nothing_are_problems(tmp_path: Path) -> None:
    base = root(tmp_path / "base", "a")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare/lib/modules/1").mkdir(parents=True)
    (tmp_path / "file").touch()
    index, problems = open_roots(str(base), "1", [str(tmp_path / "empty"), str(tmp_path / "bare")])
    assert [str(p).removeprefix(f"{tmp_path}/") for p in problems] == [
        "empty: no module directory for kernel 1",
        f"bare/lib/modules/1: has no index: run depmod -b {tmp_path}/bare 1",
    ]
    assert len(index.directories) == 2
    for name in ("nowhere", "file"):
        with pytest.raises(MachineError):
            open_roots(str(base), "1", [str(tmp_path / name)])


def test_symbols_that_a_file_lacks(tmp_path: Path) -> None:
    (tmp_path / "x.ko").write_bytes(build_module("x"))
    assert lacks(str(tmp_path / "x.ko")) == []
    with pytest.raises(MachineError):
        lacks(str(tmp_path / "nowhere"))
