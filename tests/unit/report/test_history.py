from __future__ import annotations

from typing import Any

import pytest

from lkm.autoload.nouns import ALLOW, AUDIT, DENY, KERNEL, USER, Entry, Outcome, Request, Verdict
from lkm.origin import Origin
from lkm.report.history import entry_line

AT = Origin("x.conf", 3)
ASKED = Request("net-pf-21", KERNEL, 0.0)


def came(outcome: Outcome, *why: Any) -> Entry:
    return Entry(ASKED, Verdict(ALLOW, *why), outcome)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (came(Outcome(0, "done", ("a", "b"), "", 0.1)), "loaded a b (100 ms)"),
        (came(Outcome(0, "done", (), "", 0.001, True)), "was there (1 ms, with another's request)"),
        (came(Outcome(3, "not-found", (), "no x")), "not-found: no x (0 ms)"),
        (came(Outcome(1, "failed"), "why", AT), "failed (0 ms); why, x.conf:3"),
        (Entry(ASKED, Verdict(DENY, "it is denied", AT), Outcome(5, "forbidden")), "deny: it is denied, x.conf:3"),
        (Entry(ASKED, Verdict(AUDIT, "mode audit")), "audit: mode audit"),
        (Entry(ASKED, Verdict(ALLOW)), "not tried"),
    ],
)  # fmt: skip
def test_a_line(entry: Entry, expected: str) -> None:
    assert entry_line(entry, "T") == f"T kernel net-pf-21: {expected}"


def test_who_asked() -> None:
    entry = Entry(Request("a\x1b", USER, 0.0, 7, 1000, "sh\n"), Verdict(ALLOW))
    assert entry_line(entry, "T") == r"T user 1000 (sh\n, 7) a\x1b: not tried"
    assert entry_line(entry._replace(request=Request("a", USER, 0.0)), "T") == "T user ? a: not tried"
