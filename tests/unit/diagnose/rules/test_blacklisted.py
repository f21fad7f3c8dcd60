from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case, settings

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
SAYS = settings("# a line\nblacklist mod\n")


def test_a_request_that_it_stopped() -> None:
    (finding,) = diagnose(Evidence(attempt=Attempt("blacklist"), name="mod", settings=SAYS))
    assert (finding.code, finding.what) == ("blacklisted", "mod is blacklisted by x.conf:2")
    assert [(fact.text, fact.origin) for fact in finding.facts] == [("blacklist mod", "x.conf:2")]
    assert finding.remedies[0].command == "lkm modprobe mod"


def test_the_module_would_load_all_the_same() -> None:
    (finding,) = diagnose(case(MODULE)._replace(settings=SAYS))
    assert (finding.errno, finding.what) == (
        "",
        "mod is blacklisted by x.conf:2: its aliases do not load it, its name does",
    )


def test_the_kernel_has_answered_or_another_is_meant() -> None:
    assert [f.code for f in diagnose(case(MODULE, errno="EIO")._replace(settings=SAYS))] == ["init-failed"]
    assert diagnose(case(MODULE)._replace(settings=settings("blacklist other"))) == ()
