from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import UNSIGNED
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
SAID = "Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7"


def test_the_kernel_says_so() -> None:
    kernel = KERNEL._replace(lockdown="integrity", secure_boot=True)
    found = diagnose(case(MODULE, kernel=kernel, errno="EPERM", log=(SAID,)))
    assert [f.code for f in found] == ["unsigned", "lockdown"]
    assert found[1].what == "the kernel is locked down, as Secure Boot is on: unsigned module loading is restricted"
    assert [fact.text for fact in found[1].facts] == [SAID, "lockdown: integrity", "Secure Boot is on"]
    assert [remedy.risk for remedy in found[1].remedies] == ["safe", "safe", "risky"]


def test_it_is_foreseen() -> None:
    kernel = KERNEL._replace(lockdown="integrity", secure_boot=False)
    evidence = case(MODULE, kernel=kernel)
    assert evidence.file
    found = diagnose(evidence._replace(file=evidence.file._replace(signature=UNSIGNED)))
    assert [f.code for f in found] == ["unsigned", "lockdown"]
    assert [remedy.command for remedy in found[1].remedies] == ["cat /sys/kernel/security/lockdown", ""]


def test_a_kernel_that_is_not() -> None:
    assert diagnose(case(MODULE, kernel=KERNEL._replace(lockdown="none"))) == ()
