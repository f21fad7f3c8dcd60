from __future__ import annotations

from lkm.diagnose.rules.not_allowed import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_without_the_capability() -> None:
    (finding,) = find(case(MODULE, kernel=KERNEL._replace(capable=False)))
    assert finding.what == "only root of the machine may load or remove modules"
    assert list(find(case(MODULE, kernel=KERNEL._replace(capable=True)))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
