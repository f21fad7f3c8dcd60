from __future__ import annotations

from lkm.diagnose.rules.built_in import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_known_or_told() -> None:
    (finding,) = find(case(MODULE, kernel=KERNEL._replace(builtin=frozenset({"mod"}))))
    assert finding.what == "mod is built into this kernel"
    assert len(list(find(case(MODULE, errno="EINVAL", log=("mod: module is already loaded",))))) == 1
    assert list(find(case(MODULE, kernel=KERNEL._replace(builtin=frozenset({"other"}))))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
