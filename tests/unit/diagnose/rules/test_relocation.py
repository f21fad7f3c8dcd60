from __future__ import annotations

from lkm.diagnose.rules.relocation import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_told_by_the_log() -> None:
    (finding,) = find(case(MODULE, errno="ENOEXEC", log=("module: mod: Unknown rela relocation: 238",)))
    assert finding.what == "it has relocations of type 238, which this kernel does not know"


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
