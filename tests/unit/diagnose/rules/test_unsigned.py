from __future__ import annotations

from lkm.diagnose.rules.unsigned import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_predicted() -> None:
    (finding,) = find(case(MODULE, kernel=KERNEL._replace(sig_enforce=True)))
    assert (finding.what, finding.errno) == ("it has no signature, and module.sig_enforce is set", "EKEYREJECTED")
    (finding,) = find(case(MODULE, kernel=KERNEL._replace(lockdown="integrity")))
    assert (finding.what, finding.errno) == ("it has no signature, and the kernel is locked down", "EPERM")


def test_told_by_the_log() -> None:
    log = ("Loading of unsigned module is rejected",)
    assert len(list(find(case(MODULE, errno="EKEYREJECTED", log=log)))) == 1
    locked = ("Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7",)
    (finding,) = find(case(MODULE, errno="EPERM", log=locked))
    assert finding.errno == "EPERM"
    assert list(find(case(MODULE, errno="EKEYREJECTED"))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
