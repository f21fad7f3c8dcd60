from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lkm.autoload.surface import Node
from lkm.system.nodes import open_nodes


def test_files_that_any_user_may_open() -> None:
    found = {node.path: node for node in open_nodes("/dev")}
    assert found["/dev/null"] == Node("/dev/null", "char", 1, 3)
    for path in found:
        assert os.stat(path).st_mode & 0o006
    assert not any(os.path.islink(path) for path in found)


def test_kinds_modes_and_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str, mode: int) -> None:
            self.path = f"/d/{name}"
            self.mode = mode

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            assert not follow_symlinks
            return os.stat_result((self.mode, 0, 0, 0, 0, 0, 0, 0, 0, 0), {"st_rdev": os.makedev(7, 5)})

    class Listing(list[Entry]):
        def __enter__(self) -> Listing:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    listings = {
        "/d": Listing(
            [
                Entry("block", stat.S_IFBLK | 0o604),
                Entry("write", stat.S_IFCHR | 0o602),
                Entry("private", stat.S_IFCHR | 0o660),
                Entry("file", stat.S_IFREG | 0o666),
                Entry("shut", stat.S_IFDIR | 0o700),
                Entry("sub", stat.S_IFDIR | 0o711),
            ]
        ),
        "/d/sub": Listing([]),
    }
    monkeypatch.setattr(os, "scandir", listings.__getitem__)  # a directory that is shut is not looked into
    assert open_nodes("/d") == (Node("/d/block", "block", 7, 5), Node("/d/write", "char", 7, 5))
