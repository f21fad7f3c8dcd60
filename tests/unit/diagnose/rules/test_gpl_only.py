from __future__ import annotations

from lkm.diagnose.rules.gpl_only import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_a_proprietary_module() -> None:
    (finding,) = find(case(build_module("mod", modinfo=(("license", "XXX"),), needs=["secret", "_printk"])))
    assert finding.what == "its license is 'XXX', and it uses a symbol for GPL modules only"
    assert finding.facts[1].text == "GPL only: secret"


def test_no_license_at_all() -> None:
    (finding,) = find(case(build_module("mod", modinfo=(), needs=["secret"])))
    assert finding.what.startswith("its license is 'unspecified'")


def test_gpl_modules_and_free_symbols() -> None:
    assert list(find(case(build_module("mod", needs=["secret"])))) == []
    assert list(find(case(build_module("mod", modinfo=(), needs=["_printk"])))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
