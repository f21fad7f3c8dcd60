from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence
from tests.support.sick import settings

SAYS = settings("remove mod /bin/false\ninstall mod sh x\n")


def test_one_that_refuses() -> None:
    attempt = Attempt("command", command="/bin/false", status=1)
    (finding,) = diagnose(Evidence(attempt=attempt, name="mod", settings=SAYS))
    assert finding.what == "x.conf:1 refuses to remove mod: its remove command is `/bin/false`"
    assert finding.remedies[0].command == "lkm modprobe -r --ignore-remove mod"


def test_it_says_nothing_of_what_was_to_be_loaded() -> None:
    assert diagnose(Evidence(name="mod", settings=SAYS)) == ()
    attempt = Attempt("command", command="sh x", status=1)
    (finding,) = diagnose(Evidence(attempt=attempt, name="mod", settings=SAYS))
    assert finding.code == "install-command"
