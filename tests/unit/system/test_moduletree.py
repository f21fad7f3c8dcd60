from __future__ import annotations

from pathlib import Path

from lkm.cli.depmod import main as depmod
from lkm.system.moduletree import IndexedTree
from tests.support.elfwriter import build_module


def make(root: Path) -> IndexedTree:
    tree = root / "lib/modules/6.1"
    tree.mkdir(parents=True)
    (tree / "fat.ko").write_bytes(build_module("fat", exports=["fat_scan"]))
    (tree / "ms-dos.ko").write_bytes(build_module("ms_dos", needs=["fat_scan"]))
    (tree / "modules.builtin").write_text("kernel/fs/ext4/ext4.ko\nkernel/x/a-b.ko\n")
    assert depmod(["depmod", "-b", str(root), "6.1"]) == 0
    return IndexedTree(str(tree))


def test_what_the_indexes_tell(tmp_path: Path) -> None:
    tree = make(tmp_path)
    assert set(tree.names()) == {"fat", "ms_dos"}
    assert tree.path("ms_dos") == f"{tree.origin()}/ms-dos.ko"
    assert tree.owners("fat_scan") == ("fat",)
    assert tree.needs("ms_dos") == ("fat",)
    assert tree.builtin() == {"ext4", "a_b"}
    facts = tree.facts("fat")
    assert facts
    assert [export.name for export in facts.exports] == ["fat_scan"]


def test_what_is_not_there(tmp_path: Path) -> None:
    tree = make(tmp_path)
    assert (tree.path("x"), tree.owners("x"), tree.needs("x"), tree.facts("x")) == ("", (), (), None)
    (tmp_path / "lib/modules/6.1/fat.ko").write_bytes(b"no module")
    assert tree.facts("fat") is None


def test_broken_indexes_are_as_none(tmp_path: Path) -> None:
    make(tmp_path)
    for path in (tmp_path / "lib/modules/6.1").glob("*.bin"):
        path.write_bytes(b"garbage")
    tree = IndexedTree(str(tmp_path / "lib/modules/6.1"))
    assert (tree.names(), tree.path("fat"), tree.owners("fat_scan"), tree.needs("fat")) == ((), "", (), ())
