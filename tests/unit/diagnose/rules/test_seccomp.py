from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Caller
from tests.support.sick import KERNEL, unload

CAPABLE = KERNEL._replace(capable=True, modules_disabled=False)
FILTERED = Caller(0, seccomp=2)


def test_nothing_else_explains_it() -> None:
    (finding,) = diagnose(unload("m", CAPABLE, "EPERM", caller=FILTERED))
    assert (finding.code, finding.certainty) == ("seccomp", "likely")
    assert finding.what == "a seccomp filter answers delete_module with EPERM"


def test_something_else_does() -> None:
    found = diagnose(unload("m", CAPABLE._replace(modules_disabled=True), "EPERM", caller=FILTERED))
    assert [f.code for f in found] == ["modules-disabled"]
    found = diagnose(unload("m", CAPABLE._replace(capable=False), "EPERM", caller=FILTERED))
    assert [f.code for f in found] == ["not-allowed"]


def test_no_filter() -> None:
    for caller in (Caller(0, seccomp=0), Caller()):
        assert diagnose(unload("m", CAPABLE, "EPERM", caller=caller)) == ()
