from __future__ import annotations

from lkm.diagnose.rules.modules_disabled import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_switched_off() -> None:
    (finding,) = find(case(MODULE, kernel=KERNEL._replace(modules_disabled=True)))
    assert finding.what == "loading and removing of modules is switched off until the next boot"
    assert finding.remedies[0].command == "echo mod > /etc/modules-load.d/mod.conf"
    assert list(find(case(MODULE, kernel=KERNEL._replace(modules_disabled=False)))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
