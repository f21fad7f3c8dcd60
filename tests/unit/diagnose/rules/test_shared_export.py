from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Evidence


def test_a_finding_for_each_rival() -> None:
    rivals = (*((f"s{n}", "b") for n in range(6)), ("t", "c"))
    found = diagnose(Evidence(name="a", rivals=rivals), ("shared_export",))
    assert [finding.what for finding in found] == [
        "it cannot be loaded beside b: both export s0, s1, s2, s3 and 2 more",
        "it cannot be loaded beside c: both export t",
    ]
    assert diagnose(Evidence(name="a"), ("shared_export",)) == ()
