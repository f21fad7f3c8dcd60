from __future__ import annotations

from lkm.diagnose.rules.already_loaded import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case, loaded

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_live_or_told() -> None:
    (finding,) = find(case(MODULE, kernel=loaded("mod")))
    assert (finding.what, finding.errno) == ("a module named mod is in the kernel already", "EEXIST")
    assert len(list(find(case(MODULE, errno="EEXIST")))) == 1
    assert list(find(case(MODULE, kernel=loaded("other")))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
