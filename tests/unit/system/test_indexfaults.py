from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkm.cli import depmod
from lkm.system.indexfaults import index_faults
from tests.support.elfwriter import build_module


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a module directory of three modules, with indexes."""
    place = tmp_path / "lib/modules/1.0"
    place.mkdir(parents=True)
    for name in ("fat", "msdos", "vfat"):
        (place / f"{name}.ko").write_bytes(build_module(name, exports=[f"{name}_x"]))
    assert depmod.main(["depmod", "-b", str(tmp_path), "1.0"]) == 0
    return place


def said(directory: Path, name: str = "") -> list[str]:
    faults = index_faults(str(directory), name)
    return [f"{fact.text} ({fact.origin})".replace(str(directory), "TREE") for fact in faults]


def test_nothing_is_wrong_with_a_tree_as_depmod_leaves_it(directory: Path) -> None:
    assert said(directory) == []


def test_no_directory_no_modules_and_no_index(directory: Path) -> None:
    (directory / "modules.alias.bin").write_bytes(b"")
    assert said(directory) == ["modules.alias.bin is empty (TREE/modules.alias.bin)"]
    (directory / "modules.dep.bin").unlink()
    assert said(directory)[0] == "modules.dep.bin is missing (TREE/modules.dep.bin)"
    for path in directory.glob("*.ko"):
        path.unlink()
    assert said(directory) == ["no module file is in it (TREE)"]
    assert said(directory / "gone") == ["there is no such directory (TREE)"]


def test_stale_indexes(directory: Path) -> None:
    (directory / "fat.ko").rename(directory / "new.ko")
    new = "does not list TREE/new.ko (TREE/modules.dep.bin)"
    assert said(directory) == [new, "lists files that are not there: TREE/fat.ko (TREE/modules.dep.bin)"]
    assert (said(directory, "new"), said(directory, "fat"), said(directory, "odd")) == ([new], [], [])
    (directory / "new.ko").rename(directory / "fat.ko")
    for name in ("fat", "msdos"):
        os.utime(directory / f"{name}.ko", ns=(1 << 61, 1 << 61))
    assert said(directory) == ["is older than TREE/fat.ko, TREE/msdos.ko (TREE/modules.dep.bin)"]


def test_a_moved_module_is_gone_but_not_new(directory: Path) -> None:
    (directory / "extra").mkdir()
    (directory / "fat.ko").rename(directory / "extra/fat.ko")
    assert said(directory) == ["lists files that are not there: TREE/fat.ko (TREE/modules.dep.bin)"]


def test_directories_that_depmod_passes_over(directory: Path) -> None:
    for name in ("build", "old"):
        (directory / name).mkdir()
        (directory / name / f"{name}.ko").write_bytes(b"x")
    assert said(directory) == ["does not list TREE/old/old.ko (TREE/modules.dep.bin)"]
    assert index_faults(str(directory), excludes=("build", "old")) == ()


def test_garbage(directory: Path) -> None:
    (directory / "modules.dep.bin").write_bytes(b"garbage" * 9)
    (fault,) = index_faults(str(directory))
    assert fault.origin == f"{directory}/modules.dep.bin" and fault.text
