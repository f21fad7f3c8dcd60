"""The tree of User-Mode Linux's modules."""

from __future__ import annotations

from pathlib import Path

from lkm.system.linttree import LintTree
from tests.support.trees import uml_modules


def tree() -> LintTree:
    root, release = uml_modules()
    return LintTree(f"{root}/lib/modules/{release}")


def test_names_and_needs() -> None:
    one = tree()
    assert set(one.users("fat")) == {"msdos", "vfat"}
    assert one.meant("fs_vfat") == ("vfat",)
    assert one.meant("nosuch") == ()
    assert (one.has_alias("vfat"), one.has_alias("fat")) == (True, False)
    assert (one.is_builtin("ext4"), one.is_builtin("fat")) == (True, False)


def test_parameters() -> None:
    one = tree()
    types = {p.name: p.type for p in one.parameters("loop") or ()}
    assert (types["max_part"], types["hw_queue_depth"]) == ("int", "")
    assert one.parameters("minix") == ()
    assert one.parameters("nosuch") is None
    assert one.parameters("zswap")
    root, release = uml_modules()
    image = LintTree(f"{root}/lib/modules/{release}", {"printk.time": "bool"})
    assert [(p.name, p.bare) for p in image.parameters("printk") or ()] == [("time", True)]


def test_no_indexes(tmp_path: Path) -> None:
    one = LintTree(str(tmp_path))
    assert (one.names(), one.users("a"), one.meant("a")) == ((), (), ())
    assert (one.has_alias("a"), one.parameters("a")) == (False, None)
    (tmp_path / "modules.alias.bin").write_bytes(b"damaged, not an index")
    assert (LintTree(str(tmp_path)).has_alias("a"), LintTree(str(tmp_path)).meant("a")) == (False, ())
