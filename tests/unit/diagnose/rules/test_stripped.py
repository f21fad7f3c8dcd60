from __future__ import annotations

from lkm.diagnose.rules.stripped import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_no_symbols() -> None:
    (finding,) = find(case(build_module("mod", symtab=False)))
    assert finding.what == "it has no symbol table: it was stripped"


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
