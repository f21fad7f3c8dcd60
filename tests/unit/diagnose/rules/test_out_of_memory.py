from __future__ import annotations

from lkm.diagnose.engine import diagnose
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
VMAP = "vmap allocation for size 2101248 failed: use vmalloc=<size> to increase size"


def test_the_kernel_says_so() -> None:
    found = diagnose(case(MODULE, errno="ENOMEM", log=(VMAP,)))
    assert [(f.code, f.certainty) for f in found] == [("out-of-memory", "certain")]
    assert found[0].what == "there was no room for it among the kernel's addresses (vmalloc)"
    assert [remedy.risk for remedy in found[0].remedies] == ["safe", "safe", "risky"]
    (finding,) = diagnose(case(MODULE, errno="ENOMEM", log=("vmalloc error: size 9, failed to allocate pages",)))
    assert finding.what == "there was no memory for it"


def test_little_is_free_or_nobody_knows_or_enough() -> None:
    found = diagnose(case(MODULE, errno="ENOMEM", kernel=KERNEL._replace(free=1000)))
    assert [(f.code, f.certainty) for f in found] == [("out-of-memory", "likely"), ("init-failed", "possible")]
    found = diagnose(case(MODULE, errno="ENOMEM"))
    assert [(f.code, f.certainty) for f in found] == [("init-failed", "possible"), ("out-of-memory", "unknown")]
    found = diagnose(case(MODULE, errno="ENOMEM", kernel=KERNEL._replace(free=1 << 30)))
    assert [f.code for f in found] == ["init-failed"]


def test_nothing_was_tried() -> None:
    assert diagnose(case(MODULE)) == ()
