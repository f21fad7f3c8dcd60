from __future__ import annotations

from lkm.diagnose.rules.init_failed import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_an_errno_that_only_init_gives_and_one_of_the_kernels_own() -> None:
    (finding,) = find(case(MODULE, errno="EIO", log=("mod: timeout",)))
    assert (finding.what, finding.certainty) == ("its init function has failed (EIO)", "likely")
    (finding,) = find(case(MODULE, errno="ENOMEM"))
    assert finding.certainty == "possible"


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
