from __future__ import annotations

from lkm.diagnose.rules.no_firmware import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case

MODULE = build_module("mod", modinfo=HEALTHY)


def test_some_of_many() -> None:
    (finding,) = find(case(MODULE)._replace(no_firmware=("a", "b", "c", "d", "e")))
    assert finding.what == "firmware is missing: a, b, c, d and 1 more"
    assert finding.errno == ""


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE))) == []
