from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence


def test_the_circle_is_told() -> None:
    evidence = Evidence(name="a", cycle=("a", "b"), attempt=Attempt("finit_module", "ENOENT"))
    (finding,) = diagnose(evidence, ("dependency_cycle",))
    assert (finding.what, finding.errno) == ("it needs itself: a -> b -> a", "ENOENT")
    assert diagnose(Evidence(name="a"), ("dependency_cycle",)) == ()
