from __future__ import annotations

from lkm.diagnose.rules.refused_need import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case

MODULE = build_module("mod", modinfo=HEALTHY)


def test_a_need_that_is_refused() -> None:
    (finding,) = find(case(MODULE)._replace(refused=("fat",)))
    assert (finding.what, finding.errno) == ("it needs fat, which is refused", "ENOENT")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE))) == []
