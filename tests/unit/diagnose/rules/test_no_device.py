from __future__ import annotations

from lkm.diagnose.rules.no_device import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_enodev() -> None:
    (finding,) = find(case(MODULE, errno="ENODEV", log=("mod: no card found",)))
    assert (finding.certainty, finding.facts[-1].text) == ("likely", "mod: no card found")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
