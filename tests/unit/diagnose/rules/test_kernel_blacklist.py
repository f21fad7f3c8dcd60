from __future__ import annotations

from lkm.diagnose.rules.kernel_blacklist import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_by_the_command_line_or_the_log() -> None:
    (finding,) = find(case(MODULE, kernel=KERNEL._replace(blacklist=("other", "mod"))))
    assert finding.facts[0].origin == "/proc/cmdline"
    (finding,) = find(case(MODULE, errno="EPERM", log=("Module mod is blacklisted",)))
    assert finding.facts[0].origin == "kernel log"
    assert list(find(case(MODULE, kernel=KERNEL._replace(blacklist=("other",))))) == []


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
