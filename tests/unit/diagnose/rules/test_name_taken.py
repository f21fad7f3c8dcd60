from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case, holding

LIVE = LoadedModule(ModuleName("mod"), 1, 0)
MODULE = build_module("mod", modinfo=(*HEALTHY, ("srcversion", "AAAA")))


def test_another_source() -> None:
    (finding,) = diagnose(case(MODULE, kernel=holding(LIVE), errno="EEXIST")._replace(srcversion="BBBB"))
    assert (finding.code, finding.certainty) == ("name-taken", "certain")
    assert [fact.text for fact in finding.facts] == ["srcversion=AAAA", "BBBB"]
    assert finding.remedies[0].command == "lkm rmmod mod && lkm insmod mod.ko"


def test_one_from_elsewhere() -> None:
    ours = build_module("mod", modinfo=(*HEALTHY, ("intree", "Y")))
    finding, _ = diagnose(case(ours, kernel=holding(LIVE._replace(taint="OE")), errno="EEXIST"))
    assert (finding.code, finding.certainty) == ("name-taken", "likely")


def test_the_same() -> None:
    (finding,) = diagnose(case(MODULE, kernel=holding(LIVE), errno="EEXIST")._replace(srcversion="AAAA"))
    assert finding.code == "already-loaded"
