from __future__ import annotations

from lkm.diagnose.engine import diagnose
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case
from tests.support.signatures import signed

MODULE = signed(build_module("mod", modinfo=HEALTHY, needs=["_printk"]))


def test_the_kernel_answers_so() -> None:
    (finding,) = diagnose(case(MODULE, errno="EKEYEXPIRED"))
    assert finding.what == "the key of 'Somebody's key' that signed it has expired"
    (finding,) = diagnose(case(MODULE, errno="EKEYREVOKED"))
    assert finding.what.endswith("was revoked")


def test_nothing_else_tells() -> None:
    assert diagnose(case(MODULE)) == ()
