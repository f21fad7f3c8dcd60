from __future__ import annotations

from lkm.diagnose.rules.unknown_parameter import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


TYPED = build_module("mod", modinfo=(("parmtype", "number:int"), ("parmtype", "io_base:int")))


def test_told_by_the_log_or_predicted() -> None:
    (finding,) = find(case(TYPED, log=("mod: unknown parameter 'numbr' ignored",)))
    assert finding.what == "it has no parameter 'numbr'; did you mean 'number'?"
    (finding,) = find(case(TYPED, parameters="number=1 io-base=2 xyzzy=3"))
    assert (finding.what, finding.errno) == ("it has no parameter 'xyzzy'", "")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
