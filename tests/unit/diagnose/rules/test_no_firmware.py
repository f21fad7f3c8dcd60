from __future__ import annotations

from lkm.diagnose.rules.no_firmware import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case

MODULE = build_module("mod", modinfo=HEALTHY)


def test_some_of_many() -> None:
    (finding,) = find(case(MODULE)._replace(no_firmware=("a", "b", "c", "d", "e")))
    assert finding.what == "firmware is missing: a, b, c, d and 1 more"
    assert finding.errno == ""


def test_what_the_kernel_missed() -> None:
    log = ("mod 0000:00:02.0: Direct firmware load for a/b.bin failed with error -2",)
    evidence = case(MODULE, errno="EIO", log=log)
    (finding,) = find(evidence)
    assert (finding.what, finding.certainty, finding.errno) == ("firmware is missing: a/b.bin", "certain", "")
    (finding,) = find(case(MODULE, errno="ENOENT", log=log))
    assert (finding.certainty, finding.errno) == ("likely", "ENOENT")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE))) == []
