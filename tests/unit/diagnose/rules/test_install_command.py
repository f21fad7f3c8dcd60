from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence
from tests.support.sick import settings


def ran(text: str, command: str, status: int) -> Evidence:
    attempt = Attempt("command", command=command, status=status)
    return Evidence(attempt=attempt, name="mod", settings=settings(text))


def test_one_that_failed() -> None:
    (finding,) = diagnose(ran("install mod modprobe -i mod && b", "modprobe -i mod && b", 3))
    assert (finding.code, finding.errno) == ("install-command", "EINVAL")
    assert finding.what == ("the install command of mod (x.conf:1) has failed with status 3: `modprobe -i mod && b`")
    assert finding.facts[1].text == "it ended with status 3"
    assert finding.remedies[0].command == "lkm modprobe --ignore-install mod"


def test_one_that_refuses() -> None:
    for evidence in (
        ran("install mod /bin/false", "/bin/false", 1),
        Evidence(name="mod", settings=settings("install mod /bin/false")),
    ):
        (finding,) = diagnose(evidence)
        assert finding.what == "x.conf:1 refuses to load mod: its install command is `/bin/false`"
        assert finding.errno == "EINVAL"


def test_one_that_says_success() -> None:
    (finding,) = diagnose(ran("install mod /bin/true", "/bin/true", 0))
    assert finding.what == "x.conf:1 loads nothing and says success: the install command of mod is `/bin/true`"
    assert finding.errno == ""


def test_what_a_command_would_do_is_not_guessed() -> None:
    assert diagnose(Evidence(name="mod", settings=settings("install mod sh x; false"))) == ()
    assert diagnose(Evidence(name="mod", settings=settings("install other /bin/false"))) == ()


def test_without_the_configuration() -> None:
    attempt = Attempt("command", command="sh x", status=2)
    (finding,) = diagnose(Evidence(attempt=attempt, name="mod"))
    assert finding.what == "the install command of mod (modprobe.d) has failed with status 2: `sh x`"
