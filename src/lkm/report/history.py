"""A line for people on each request of the history."""

from __future__ import annotations

from lkm.autoload.nouns import ALLOW, USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.nouns import Entry, Request


def entry_line(entry: Entry, when: str) -> str:
    """Return what was asked for, by whom, and what came of it. ``when`` is the time as it is to be shown.

    >>> from lkm.autoload.nouns import ALLOW, KERNEL, Entry, Outcome, Request, Verdict
    >>> entry = Entry(Request("fs-minix", KERNEL, 0.0), Verdict(ALLOW), Outcome(0, "done", ("minix",), "", 0.0174))
    >>> entry_line(entry, "12:00:00")
    '12:00:00 kernel fs-minix: loaded minix (17 ms)'
    """
    request = entry.request
    return _printable(f"{when} {who(request)} {request.alias}: {_came(entry)}")


def answer(entry: Entry) -> str:
    """Return the same without the alias and the time.

    >>> from lkm.autoload.nouns import DENY, Entry, Request, Verdict
    >>> answer(Entry(Request("tun", USER, 0.0, 71, 1000, "vpn"), Verdict(DENY, "not for users")))
    'user 1000 (vpn, 71): deny: not for users'
    """
    return _printable(f"{who(entry.request)}: {_came(entry)}")


def served(entry: Entry) -> bool:
    """Tell whether what was asked for is there."""
    return entry.verdict.word == ALLOW and entry.outcome is not None and entry.outcome.status == 0


def who(request: Request) -> str:
    """Return who has asked."""
    who = request.requester
    if request.requester == USER:
        who = f"user {request.uid if request.uid >= 0 else '?'}"
    return f"{who} ({request.comm}, {request.pid})" if request.comm else who


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
