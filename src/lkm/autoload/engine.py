"""One load for all who ask for the same: the autoloader without its I/O. Events in, actions out.

The rules, each of which tests/unit/autoload/test_engine.py has as a law:

- Each client gets one answer, unless it is gone. Each request becomes one entry of the history.
- Policy is asked first. What it does not allow is never started; in audit mode that is recorded, and no more.
- One alias is loaded by one job at a time. Who asks for it meanwhile with the same standing (the kind of requester,
  and the user) gets that job's answer. Others wait: its success serves them too, but after a failure theirs is tried.
- Jobs, waiting ones and callers are bounded (``Limits``). Beyond that the answer is ``busy``, at once.
- A job that takes too long is answered for with ``timeout``. Its alias is not tried anew before it has really ended.
- A request that comes from inside a job, and that the job would wait for itself by, is answered with ``loop``.
- What fails over and over is held back for a while, with the answer that it had.
- What was loaded may go again when it is unused, if all who asked allow that. What was loaded for a device or at boot
  stays, as nobody would ask for it again.

>>> from lkm.autoload.nouns import KERNEL, Request, Verdict
>>> engine = Engine(lambda request: Verdict(ALLOW))
>>> engine.feed(Asked(7, Request("fs-minix", KERNEL, 0.0)), 1.0)
(Start(job=1, request=Request(alias='fs-minix', ...)),)
>>> engine.feed(Asked(8, Request("fs_minix", KERNEL, 0.0)), 1.1)
()
>>> actions = engine.feed(Finished(1, Outcome(0, "done", ("minix",))), 1.2)
>>> [(action.client, action.outcome.shared) for action in actions if isinstance(action, Answer)]
[(7, False), (8, True)]
"""

from __future__ import annotations

from lkm.autoload.events import (
    BUSY,
    LOOP,
    STATUS,
    TIMEOUT,
    Action,
    Answer,
    Asked,
    Event,
    Finished,
    Gone,
    Limits,
    Note,
    Reloaded,
    Remember,
    Start,
    Stop,
    Stopping,
    forbidden,
)
from lkm.autoload.failures import Failures
from lkm.autoload.nouns import ALLOW, KERNEL, USER, Entry, Outcome, Verdict
from lkm.errors import FormatError
from lkm.names import fold_alias

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.events import Policy

    Key = tuple[str, str, int]


class _Job:
    """A load that waits (``began`` is None) or runs. ``askers`` are its clients' questions; ``first`` began it.

    ``autoclean``: all of them let the modules go again. ``urgent``: it must not wait for others to end. ``overdue``:
    its time is up, and its clients have their answers.
    """

    __slots__ = ("askers", "autoclean", "began", "first", "key", "number", "overdue", "since", "urgent", "verdict")

    def __init__(self, number: int, key: Key, first: Asked, verdict: Verdict, since: float) -> None:
        self.number = number
        self.key = key
        self.first = first
        self.verdict = verdict
        self.since = since
        self.began: float | None = None
        self.askers: dict[int, tuple[Asked, Verdict]] = {}
        self.autoclean = True
        self.urgent = False
        self.overdue = False


class Engine:
    """The autoloader. ``now`` is of any clock that does not go back; it is the only one that the engine knows."""

    def __init__(self, policy: Policy, limits: Limits | None = None) -> None:
        self._policy = policy
        self._limits = limits or Limits()
        self._failures = Failures(self._limits)
        self._waiting: dict[Key, _Job] = {}
        self._running: dict[int, _Job] = {}
        self._aliases: dict[str, _Job] = {}
        self._clients: dict[int, _Job] = {}
        self._last = 0
        self._stopping = False
        self._now = 0.0
        self._actions: list[Action] = []

    @property
    def running(self) -> int:
        """Return how many jobs run, those that take too long included."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Return how many jobs wait for their turn."""
        return len(self._waiting)

    @property
    def callers(self) -> int:
        """Return how many clients wait for an answer."""
        return len(self._clients)

    @property
    def room(self) -> int:
        """Return how many more jobs may wait: who has many requests gives no more than that at a time."""
        return max(0, self._limits.queue - len(self._waiting))

    @property
    def deadline(self) -> float | None:
        """Return when the next ``Tick`` is due if nothing happens before, or None."""
        began = [job.began for job in self._running.values() if job.began is not None and not job.overdue]
        ends = [at + self._limits.job_seconds for at in began]
        ends += [job.since + self._limits.wait_seconds for job in self._waiting.values()]
        return min(ends, default=None)

    def feed(self, event: Event, now: float) -> tuple[Action, ...]:
        """Take in one event; return what is to be done, in that order. Raises ValueError for a client that waits."""
        self._now = now
        if isinstance(event, Asked):
            self._asked(event)
        elif isinstance(event, Finished):
            self._finished(event)
        elif isinstance(event, Gone):
            self._gone(event.client)
        elif isinstance(event, Reloaded):
            self._policy = event.policy or self._policy
            self._limits = self._failures.limits = event.limits or self._limits
            self._failures.clear()
        elif isinstance(event, Stopping):
            self._stopping = True
            for job in list(self._waiting.values()):
                self._drop(job, _refused(BUSY, "the autoloader is being stopped"))
        self._expire()
        self._start()
        actions = tuple(self._actions)
        self._actions.clear()
        return actions

    # Questions

    def _asked(self, event: Asked) -> None:
        request = event.request
        if event.client in self._clients:
            raise ValueError(f"client {event.client} has asked already, and waits")
        verdict = self._policy(request)
        if verdict.word != ALLOW:
            self._actions.append(Answer(event.client, forbidden(verdict)))
            self._actions.append(Note(Entry(request, verdict)))
            return
        alias = _folded(request.alias)
        key = (alias, request.requester, request.uid)
        outcome = self._failures.held(key, self._now) or self._obstacle(event, key)
        if outcome is not None:
            self._answer(event, verdict, outcome)
            return
        job = self._same(key)
        if job is None:
            self._last += 1
            job = self._waiting[key] = _Job(self._last, key, event, verdict, self._now)
        job.urgent = job.urgent or self._is_urgent(event)
        job.autoclean = job.autoclean and request.autoclean and request.requester in (KERNEL, USER)
        job.askers[event.client] = (event, verdict)
        self._clients[event.client] = job

    def _obstacle(self, event: Asked, key: Key) -> Outcome | None:
        """Return why a request can neither be started, nor wait, nor join one that does; or None."""
        limits, request = self._limits, event.request
        runs = self._aliases.get(key[0])
        if runs is not None and runs.overdue:
            spent = self._now - (runs.began or 0.0)
            return _refused(TIMEOUT, f"a load of it, begun {spent:.0f} s ago, has not ended yet")
        if self._stopping:
            return _refused(BUSY, "the autoloader is being stopped")
        if event.inside in self._running and self._circles(event.inside, key):
            return _refused(LOOP, "it is asked for by what is run to load it")
        share = 2 if request.requester == USER and request.uid != 0 else 1
        more = limits.kernel_jobs if self._is_urgent(event) else 0
        if len(self._clients) >= limits.callers // share + more:
            return _refused(BUSY, f"{len(self._clients)} callers wait already")
        if self._same(key) is None and len(self._waiting) >= limits.queue // share + more:
            return _refused(BUSY, f"{len(self._waiting)} loads wait already")
        return None

    def _is_urgent(self, event: Asked) -> bool:
        return event.request.requester == KERNEL or event.inside in self._running

    def _same(self, key: Key) -> _Job | None:
        """Return the job that a request may join: it waits, or runs for one of the same standing."""
        runs = self._aliases.get(key[0])
        return runs if runs is not None and runs.key == key else self._waiting.get(key)

    def _circles(self, inside: int, key: Key) -> bool:
        """Tell whether a job would wait for itself, if it (``inside``) waited for the jobs of this key's alias.

        A job waits for another when one of that one's askers is inside it, and for one of the same alias that runs.
        """
        jobs = [*self._running.values(), *self._waiting.values()]
        todo = [job for job in jobs if job.key[0] == key[0]]
        seen: set[int] = set()
        while todo:
            job = todo.pop()
            if job.number == inside:
                return True
            if job.number not in seen:
                seen.add(job.number)
                todo += [j for j in jobs if j.key[0] == job.key[0]]
                todo += [j for j in jobs if any(asked.inside == job.number for asked, _ in j.askers.values())]
        return False

    def _gone(self, client: int) -> None:
        job = self._clients.pop(client, None)
        if job is None:
            return
        asked, verdict = job.askers.pop(client)
        if job.began is not None and asked is job.first:
            return  # noted when the job ends: the modules are loaded for it
        self._actions.append(Note(Entry(asked.request, verdict)))
        if job.began is None and not job.askers:
            del self._waiting[job.key]

    # Jobs

    def _start(self) -> None:
        """Start what may start: the urgent ones first, else in the order in which they came."""
        if not self._waiting:
            return
        limits = self._limits
        on_time = sum([not job.overdue for job in self._running.values()])
        for job in sorted(self._waiting.values(), key=lambda job: not job.urgent):
            full = len(self._running) >= limits.kernel_jobs or (not job.urgent and on_time >= limits.jobs)
            if full:
                break
            if job.key[0] in self._aliases:
                continue
            del self._waiting[job.key]
            if job.first.client not in job.askers:  # it is gone: the first of the others stands for it
                job.first, job.verdict = next(iter(job.askers.values()))
            job.began = self._now
            self._running[job.number] = self._aliases[job.key[0]] = job
            on_time += 1
            self._actions.append(Start(job.number, job.first.request))

    def _finished(self, event: Finished) -> None:
        job = self._running.pop(event.job, None)
        if job is None:
            return
        del self._aliases[job.key[0]]
        outcome = event.outcome
        others = [other for other in self._waiting.values() if other.key[0] == job.key[0]]
        if outcome.modules and all(one.autoclean for one in (job, *others)):
            self._actions.append(Remember(outcome.modules, job.first.request))
        if outcome.status and event.verdict is None and not job.overdue:
            self._failures.note(job.key, outcome, self._now)
        elif not outcome.status:
            self._failures.forget(job.key)
        if job.first.client not in job.askers:  # gone, or answered for because the time was up
            verdict = event.verdict or job.verdict
            self._actions.append(Note(Entry(job.first.request, verdict, outcome)))
        self._settle(job, outcome, event.verdict)
        if not outcome.status:
            for other in others:
                self._drop(other, outcome._replace(shared=True))

    def _drop(self, job: _Job, outcome: Outcome) -> None:
        """Answer for a job that will not be started."""
        del self._waiting[job.key]
        self._settle(job, outcome)

    def _settle(self, job: _Job, outcome: Outcome, verdict: Verdict | None = None) -> None:
        """Answer all clients of a job."""
        for asked, theirs in job.askers.values():
            del self._clients[asked.client]
            shared = outcome.shared or asked is not job.first
            self._answer(asked, verdict or theirs, outcome._replace(shared=shared))
        job.askers.clear()

    def _answer(self, asked: Asked, verdict: Verdict, outcome: Outcome) -> None:
        self._actions.append(Answer(asked.client, outcome))
        self._actions.append(Note(Entry(asked.request, verdict, outcome)))

    def _expire(self) -> None:
        limits = self._limits
        for job in self._running.values():
            if job.began is not None and not job.overdue and self._now - job.began >= limits.job_seconds:
                job.overdue = True
                outcome = _refused(TIMEOUT, f"not loaded within {limits.job_seconds:g} s", self._now - job.began)
                self._failures.note(job.key, outcome, self._now)
                self._settle(job, outcome)
                self._actions.append(Stop(job.number))
        for job in [job for job in self._waiting.values() if self._now - job.since >= limits.wait_seconds]:
            text = f"it waited for {limits.wait_seconds:g} s while others were loaded"
            self._drop(job, _refused(BUSY, text, self._now - job.since))


def _refused(cause: str, text: str, seconds: float = 0.0) -> Outcome:
    return Outcome(STATUS[cause], cause, (), text, seconds)


def _folded(alias: str) -> str:
    try:
        return fold_alias(alias)
    except FormatError:
        return alias
