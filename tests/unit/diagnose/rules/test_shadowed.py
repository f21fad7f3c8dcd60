from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Evidence
from tests.support.sick import FakeTree


def test_which_counts_and_which_do_not() -> None:
    evidence = Evidence(name="mod", tree=FakeTree(mod=()), shadows=("/lib/modules/R/old/mod.ko",))
    (finding,) = diagnose(evidence, ("shadowed",))
    assert finding.what == ("it is loaded from /lib/modules/R/mod.ko; /lib/modules/R/old/mod.ko is passed over")
    assert (finding.errno, [fact.origin for fact in finding.facts]) == (
        "",
        ["/lib/modules/R/mod.ko", "/lib/modules/R/old/mod.ko"],
    )
    assert diagnose(Evidence(name="mod"), ("shadowed",)) == ()
