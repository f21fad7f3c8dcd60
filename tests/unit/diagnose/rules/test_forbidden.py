from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence
from tests.support.sick import settings


def test_by_whom_and_why() -> None:
    says = settings("forbid other\nforbid m* because it is old\n")
    for call in ("", "forbid"):
        (finding,) = diagnose(Evidence(attempt=Attempt(call), name="mod", settings=says))
        assert finding.what == "mod is forbidden by x.conf:2, because it is old"
        assert (finding.errno, finding.facts[0].text) == ("EPERM", "forbid m*")
        assert [(r.command, r.risk) for r in finding.remedies] == [("lkm modprobe --override-forbid mod", "risky")]


def test_another_is_meant() -> None:
    assert diagnose(Evidence(name="mod", settings=settings("forbid other\n"))) == ()
