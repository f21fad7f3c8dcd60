"""Indexes on disk are mapped when they are first asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.index.triewriter import value_block, write_trie
from lkm.system.indexfiles import open_index


def test_files_are_opened_when_asked_and_may_be_missing(tmp_path: Path) -> None:
    index = open_index(str(tmp_path))
    (tmp_path / "modules.alias.bin").write_bytes(write_trie({b"a*": value_block([(0, b"m")])}))
    assert index.aliases("ab") == ("m",)
    assert index.symbol_owners("symbol:x") == ()
    assert open_index(str(tmp_path / "no")).aliases("ab") == ()


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "modules.alias.bin").mkdir()
    with pytest.raises(MachineError):
        open_index(str(tmp_path)).aliases("ab")


def test_an_empty_index_as_kmod_leaves_it_has_no_answers(tmp_path: Path) -> None:
    (tmp_path / "modules.builtin.bin").write_bytes(b"")
    (tmp_path / "modules.builtin.alias.bin").write_bytes(b"")
    index = open_index(str(tmp_path))
    assert not index.is_builtin("x")
    assert index.builtin_aliases("x") == ()


def test_a_decided_set_is_read_before_it_is_renamed(tmp_path: Path) -> None:
    def trie(module: bytes) -> bytes:
        return write_trie({b"a*": value_block([(0, module)])})

    (tmp_path / "modules.alias.bin").write_bytes(trie(b"old"))
    s = (tmp_path / "modules.alias.bin").stat()
    (tmp_path / "modules.alias.bin.lkm-new").write_bytes(trie(b"new"))
    assert open_index(str(tmp_path)).aliases("ab") == ("old",)
    line = f"modules.alias.bin modules.alias.bin.lkm-new {s.st_size} {s.st_mtime_ns} {s.st_ino}"
    (tmp_path / "modules.lkm-commit").write_text(line + "\nend")
    assert open_index(str(tmp_path)).aliases("ab") == ("new",)
    (tmp_path / "modules.lkm-commit").write_text(line)
    assert open_index(str(tmp_path)).aliases("ab") == ("old",)
