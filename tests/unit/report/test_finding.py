from __future__ import annotations

from lkm.diagnose.finding import LIKELY, RISKY, Fact, Finding, Remedy
from lkm.report.finding import as_json, lines_of, told

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


SURE = FINDING._replace(certainty="certain", facts=(Fact("seen here", "x.ko"),))


def test_a_terminal_gets_cause_log_and_cures_and_a_line_of_each_other_finding() -> None:
    others = FINDING._replace(code="odd", what="it is odd", certainty="possible")
    log = ("x: bad\x1b", "x: Unknown symbol y (err -2)")
    assert "  seen: x: Unknown symbol y (err -2) (kernel log)" in told((SURE, others), log)
    symbols = SURE._replace(code="missing-symbol")
    assert told((symbols, others), log) == (
        "it is so [missing-symbol]",
        "  seen: x: bad\\x1b (kernel log)",
        "  risky: do this: `command`",
        "  cure: or that",
        "also: it is odd [possible, odd]",
    )


def test_more_is_told_to_who_asks_for_more() -> None:
    full = [*lines_of(SURE), *lines_of(FINDING._replace(facts=(Fact("x: bad", "kernel log"),)))]
    found = (SURE, FINDING._replace(facts=(Fact("x: bad", "kernel log"),)))
    assert told(found, ("x: bad", "x: worse"), verbose=True) == (*full, "seen: x: worse (kernel log)")
    cut = SURE._replace(what="it needs a, b and 15 more")
    assert told((cut,))[0] == "it needs a, b and 15 more (-v lists all) [code]"
    assert told((cut,), verbose=True)[0] == "it needs a, b and 15 more [code]"


def test_evidence_is_told_where_it_is_the_answer() -> None:
    users = SURE._replace(
        code="in-use", facts=(Fact("fat 1 msdos", "/proc/modules"), Fact("x has it open", "/proc/5/fd"))
    )
    assert told((users,))[1] == "  seen: x has it open (/proc/5/fd)"
    assert told((FINDING._replace(facts=(Fact("EIO", "system call"),)),))[1] == "  seen: EIO (system call)"


def test_the_log_is_quoted_whatever_is_found_but_not_at_length() -> None:
    log = [f"line {number}" for number in range(5)]
    quoted = [f"seen: line {number} (kernel log)" for number in range(3)]
    assert told((), log) == (*quoted, "and 2 more lines of the kernel's log (-v lists all)")
    assert len(told((), log, verbose=True)) == 5
    assert told((SURE,), [*log, log[0]])[1:5] == tuple(
        [f"  {line}" for line in (*quoted, "and 2 more lines of the kernel's log (-v lists all)")]
    )
    assert told((), ()) == ()
