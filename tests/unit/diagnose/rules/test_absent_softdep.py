from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Evidence
from lkm.diagnose.finding import Fact


def test_each_softdep_has_its_line() -> None:
    evidence = Evidence(name="a", softdeps_absent=(Fact("b", "x.conf:1"), Fact("c", "x.conf:2")))
    (finding,) = diagnose(evidence, ("absent_softdep",))
    assert finding.what == "it wants b, c beside it, and there is no such module"
    assert finding.facts == (Fact("softdep b", "x.conf:1"), Fact("softdep c", "x.conf:2"))
    assert (finding.errno, diagnose(Evidence(name="a"), ("absent_softdep",))) == ("", ())
