"""A line for people on each request of the history."""

from __future__ import annotations

from lkm.autoload.nouns import ALLOW, USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.nouns import Entry


def entry_line(entry: Entry, when: str) -> str:
    """Return what was asked for, by whom, and what came of it. ``when`` is the time as it is to be shown.

    >>> from lkm.autoload.nouns import ALLOW, KERNEL, Entry, Outcome, Request, Verdict
    >>> entry = Entry(Request("fs-minix", KERNEL, 0.0), Verdict(ALLOW), Outcome(0, "done", ("minix",), "", 0.0174))
    >>> entry_line(entry, "12:00:00")
    '12:00:00 kernel fs-minix: loaded minix (17 ms)'
    """
    request = entry.request
    who = request.requester
    if request.requester == USER:
        who = f"user {request.uid if request.uid >= 0 else '?'}"
    if request.comm:
        who += f" ({request.comm}, {request.pid})"
    return _printable(f"{when} {who} {request.alias}: {_came(entry)}")


def _came(entry: Entry) -> str:
    outcome, verdict = entry.outcome, entry.verdict
    if verdict.word != ALLOW:
        place = f", {verdict.origin}" if verdict.origin else ""
        return f"{verdict.word}: {verdict.reason}{place}"
    if outcome is None:
        return "not tried"
    if outcome.status:
        came = f"{outcome.cause}: {outcome.text}" if outcome.text else outcome.cause
    else:
        came = f"loaded {' '.join(outcome.modules)}" if outcome.modules else "was there"
    shared = ", with another's request" if outcome.shared else ""
    why = f"; {verdict.reason}, {verdict.origin}" if verdict.origin else ""
    return f"{came} ({outcome.seconds * 1000:.0f} ms{shared}){why}"


def _printable(text: str) -> str:
    """Return text that can do nothing to a terminal, whatever was asked for."""
    return "".join([char if char.isprintable() else ascii(char)[1:-1] for char in text])
