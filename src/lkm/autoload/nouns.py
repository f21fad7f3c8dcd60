"""What the autoloader speaks of: who asks for which alias, what is said to that, and what came of it.

Times are seconds since the epoch, as floats; the core gets them from outside and never asks a clock.
"""

from __future__ import annotations

from lkm.origin import Origin
from lkm.record import Record

KERNEL, UEVENT, USER, BOOT = "kernel", "uevent", "user", "boot"
#: Who asks: the kernel's helper (request_module), a device's uevent or coldplug, a program on the socket,
#: and modules-load.d.
REQUESTERS = (KERNEL, UEVENT, USER, BOOT)

ALLOW, DENY, AUDIT = "allow", "deny", "audit"
#: What policy says of a request. ``audit``: it is only recorded that it would be loaded; nothing is loaded.
VERDICTS = (ALLOW, DENY, AUDIT)


class Request(Record):
    """Somebody asks for a module: ``alias`` is what was asked for, a module's name or any alias, as it was written.

    ``pid``, ``uid`` and ``comm`` are the asking process's as the kernel told them (SO_PEERCRED); -1 and "" where
    they are not known: request_module() names nobody. ``autoclean``: what is loaded for it may go when it is unused
    (of the kernel's and users' requests only: for a device or at boot nobody would ask again).
    """

    alias: str
    requester: str
    at: float
    pid: int = -1
    uid: int = -1
    comm: str = ""
    autoclean: bool = True


class Verdict(Record):
    """What policy says of a request: one of ``VERDICTS``, and which line of which file says so, in words too."""

    word: str
    reason: str = ""
    origin: Origin | None = None


class Outcome(Record):
    """What came of a request. ``status`` is 0 where the alias is served now, else the exit status for the kernel.

    ``modules`` were inserted for it, in that order (none: they were there already); ``cause`` is a word of
    docs/exit-codes.md; ``text`` a line for people; ``seconds`` how long it took. ``shared``: it was answered by the
    run of an identical request that was under way.
    """

    status: int
    cause: str
    modules: tuple[str, ...] = ()
    text: str = ""
    seconds: float = 0.0
    shared: bool = False


class Entry(Record):
    """One line of the history: a request, what policy said, and what came of it (None: it was not tried)."""

    request: Request
    verdict: Verdict
    outcome: Outcome | None = None
