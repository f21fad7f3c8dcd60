from __future__ import annotations

from lkm.diagnose.rules.struct_size import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_told_by_the_log() -> None:
    log = (
        "mod: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time",
    )
    (finding,) = find(case(MODULE, errno="ENOEXEC", log=log))
    assert finding.what == "its struct module is of another size than this kernel's"


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
