from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Caller, Evidence
from tests.support.sick import KERNEL, unload

INSIDE = Caller(0, user_namespace=True)


def test_root_of_a_namespace() -> None:
    found = diagnose(Evidence(None, KERNEL, attempt=Attempt("finit_module", "EPERM"), name="m", caller=INSIDE))
    assert [f.code for f in found] == ["user-namespace"]
    assert found[0].facts[0].origin == "/proc/self/uid_map"
    assert diagnose(unload("m", None, "EPERM", caller=INSIDE))[0].code == "user-namespace"


def test_not_known_or_not_so() -> None:
    for caller in (Caller(), Caller(0, user_namespace=False)):
        evidence = unload("m", KERNEL._replace(capable=True), "EPERM", caller=caller)
        assert "user-namespace" not in [f.code for f in diagnose(evidence)]
