from __future__ import annotations

from lkm.diagnose.finding import LIKELY, RISKY, Fact, Finding, Remedy
from lkm.report.finding import as_json, lines_of

FINDING = Finding(
    "code",
    "it is so",
    LIKELY,
    "ENOEXEC",
    (Fact("a\x1b[2Jb", "kernel log"), Fact("c", "")),
    "a reason",
    "kernel/x.c",
    (Remedy("do this", "command", RISKY), Remedy("or that")),
)


def test_lines() -> None:
    assert lines_of(FINDING) == [
        "it is so [likely, code]",
        "  seen: a\\x1b[2Jb (kernel log)",
        "  seen: c",
        "  why: a reason (kernel/x.c)",
        "  risky: do this: `command`",
        "  cure: or that",
    ]


def test_json() -> None:
    answer = as_json(FINDING)
    assert answer["errno"] == "ENOEXEC"
    assert answer["remedies"] == [
        {"text": "do this", "command": "command", "risk": "risky"},
        {"text": "or that", "command": "", "risk": "safe"},
    ]
    assert as_json(FINDING._replace(errno=""))["errno"] is None
