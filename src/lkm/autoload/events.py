"""What the engine is told, what it says to do about it, and the bounds that it keeps: values, all of them.

An event tells what happened (somebody asked, a load ended); an action says what the driver shall do (begin a load,
answer). Clients are numbers that the driver gives: one for each question, so a connection that asks twice has two.
"""

from __future__ import annotations

from lkm.autoload.nouns import AUDIT, Entry, Outcome, Request, Verdict
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Policy = Callable[[Request], Verdict]

#: What the engine itself answers with (docs/exit-codes.md): cause → status.
FORBIDDEN, BUSY, TIMEOUT, LOOP = "forbidden", "busy", "timeout", "loop"
STATUS = {FORBIDDEN: 5, BUSY: 21, TIMEOUT: 22, LOOP: 23}


class Limits(Record):
    """The bounds. Those of time are in seconds.

    ``jobs`` loads run at once. What the kernel asks for, and what a running load asks for, does not wait for one of
    these to end, as it may be that which they wait for; for them ``kernel_jobs`` is the bound, the kernel's own
    (kernel/module/kmod.c: ``MAX_KMOD_CONCURRENT``). ``queue`` loads may wait, for ``wait_seconds``, and ``callers``
    for all loads together; users other than root may take half of that, and for what does not wait for a turn there
    is room for ``kernel_jobs`` more of either. A load is given up after ``job_seconds``.
    An alias that failed ``failures`` times within ``failure_seconds`` is not tried for ``hold_seconds``; of at most
    ``remembered`` aliases it is known that they failed.
    """

    jobs: int = 8
    kernel_jobs: int = 50
    queue: int = 256
    callers: int = 4096
    job_seconds: float = 60.0
    wait_seconds: float = 30.0
    failures: int = 5
    failure_seconds: float = 10.0
    hold_seconds: float = 30.0
    remembered: int = 1024


class Asked(Record):
    """A client asks. ``inside``: the number of the job whose install command or worker asks, where known, else 0."""

    client: int
    request: Request
    inside: int = 0


class Finished(Record):
    """A job that was started has ended. ``verdict``: what policy says now that the modules are known, if it does."""

    job: int
    outcome: Outcome
    verdict: Verdict | None = None


class Gone(Record):
    """A client does not wait for its answer any more."""

    client: int


class Reloaded(Record):
    """Configuration, indexes or modules changed: what failed before may work now. None: as it was."""

    policy: Policy | None = None
    limits: Limits | None = None


class Tick(Record):
    """Time went by; wanted at the engine's ``deadline`` at the latest."""


class Stopping(Record):
    """The end is near: no load is begun any more; those that run are waited for."""


Event = Asked | Finished | Gone | Reloaded | Tick | Stopping


class Start(Record):
    """Begin to load what ``request`` asks for; tell of its end with ``Finished(job, ...)``, whatever comes of it."""

    job: int
    request: Request


class Stop(Record):
    """The job took too long: end it if that can be done. ``Finished`` is wanted all the same, when it has ended."""

    job: int


class Answer(Record):
    """Tell a client what came of its request. Each gets one answer, unless it is gone."""

    client: int
    outcome: Outcome


class Note(Record):
    """Write this to the history."""

    entry: Entry


class Remember(Record):
    """These modules were inserted for the request, and may go when they are unused: put them down for autoclean."""

    modules: tuple[str, ...]
    request: Request


Action = Start | Stop | Answer | Note | Remember


def forbidden(verdict: Verdict) -> Outcome:
    """Return what is answered to a request that policy does not allow.

    >>> from lkm.autoload.nouns import DENY, Verdict
    >>> forbidden(Verdict(DENY, "not here")).text, forbidden(Verdict(AUDIT)).text
    ('policy does not allow it: not here', 'only recorded, not loaded')
    """
    words = "only recorded, not loaded" if verdict.word == AUDIT else "policy does not allow it"
    reason = ": ".join(filter(None, (words, verdict.reason)))
    return Outcome(STATUS[FORBIDDEN], FORBIDDEN, (), f"{reason} ({verdict.origin})" if verdict.origin else reason)
