from __future__ import annotations

from lkm.diagnose.rules.no_module_support import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_no_such_call_or_option() -> None:
    (finding,) = find(case(MODULE, errno="ENOSYS"))
    assert finding.what == "this kernel cannot load modules at all"
    assert len(list(find(case(MODULE, kernel=KERNEL._replace(config={"CONFIG_SMP": "y"}))))) == 1
    assert len(list(find(case(MODULE, kernel=KERNEL._replace(modular=False))))) == 1
    assert list(find(case(MODULE, kernel=KERNEL._replace(config={"CONFIG_MODULES": "y"})))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
