from __future__ import annotations

from lkm.diagnose.rules.duplicate_symbol import find
from tests.support.elfwriter import Export, build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_the_kernels_or_a_modules() -> None:
    (finding,) = find(case(build_module("mod", exports=["_printk"])))
    assert finding.what == "it exports _printk, as does the kernel"
    log = ("mod: exports duplicate symbol f (owned by twin)",)
    (finding,) = find(case(build_module("mod", exports=[Export("f")]), errno="ENOEXEC", log=log))
    assert finding.what == "it exports f, as does twin"
    assert finding.remedies[0].command == "lkm modprobe -r twin"


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
