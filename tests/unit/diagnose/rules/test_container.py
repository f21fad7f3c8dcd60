from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Caller
from tests.support.sick import KERNEL, unload

INSIDE = Caller(0, container="/.dockerenv")


def test_a_container_without_the_capability() -> None:
    found = diagnose(unload("m", KERNEL._replace(capable=False), "EPERM", caller=INSIDE))
    assert [(f.code, f.certainty) for f in found] == [("container", "certain"), ("not-allowed", "certain")]
    assert [fact.text for fact in found[0].facts] == ["/.dockerenv", "no CAP_SYS_MODULE"]
    assert found[1].what == "root lacks CAP_SYS_MODULE here: it was taken away"


def test_the_capability_is_not_known_or_there() -> None:
    found = diagnose(unload("m", KERNEL, "EPERM", caller=INSIDE))
    assert [(f.code, f.certainty) for f in found] == [("container", "possible"), ("not-allowed", "unknown")]
    found = diagnose(unload("m", KERNEL._replace(capable=True), "EPERM", caller=INSIDE))
    assert found == ()


def test_another_user_than_root_is_told_of_that_first() -> None:
    user = INSIDE._replace(uid=1000)
    found = diagnose(unload("m", KERNEL._replace(capable=False), "EPERM", caller=user))
    assert [f.code for f in found] == ["not-allowed"]
