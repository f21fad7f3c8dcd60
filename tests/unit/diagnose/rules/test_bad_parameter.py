from __future__ import annotations

from lkm.diagnose.rules.bad_parameter import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


TYPED = build_module("mod", modinfo=(("parmtype", "n:int"), ("parm", "n:A number"), ("parmtype", "s:string")))


def test_each_kind() -> None:
    (finding,) = find(case(TYPED, errno="EINVAL", log=("mod: `abc' invalid for parameter `n'",)))
    assert finding.what == "parameter n (of type int) was given 'abc', which is not a value that it takes"
    (finding,) = find(case(TYPED, errno="ERANGE", log=("mod: `99999999999' invalid for parameter `n'",)))
    assert finding.what.endswith("which is out of its range")
    (finding,) = find(case(TYPED, errno="ENOSPC", log=("mod: `xxxxxxxx' too large for parameter `s'",)))
    assert finding.what.endswith("which is too long")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
