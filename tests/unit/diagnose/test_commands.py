from __future__ import annotations

from lkm.diagnose.commands import findings
from lkm.diagnose.evidence import Attempt, Evidence
from tests.support.sick import settings


def test_wildcards_are_meant_too() -> None:
    says = settings("install m* /bin/false\n")
    (finding,) = findings("c", "install", Evidence(name="mod", settings=says), ())
    assert (finding.code, finding.facts[0].text) == ("c", "install mod /bin/false")


def test_what_another_kind_has_run() -> None:
    says = settings("remove mod sh x\n")
    attempt = Attempt("command", command="sh x", status=1)
    assert list(findings("c", "install", Evidence(attempt=attempt, name="mod", settings=says), ())) == []
    assert len(list(findings("c", "remove", Evidence(attempt=attempt, name="mod", settings=says), ()))) == 1
