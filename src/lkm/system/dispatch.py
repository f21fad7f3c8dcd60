"""The engine's driver: questions in, loads by workers, answers out. Nobody who asks is waited for here."""

from __future__ import annotations

from collections import deque

from lkm.autoload.events import Answer, Asked, Finished, Gone, Note, Reloaded, Remember, Start, Stop, Stopping, Tick
from lkm.autoload.nouns import Outcome
from lkm.report.causes import status
from lkm.system.workers import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

    from lkm.autoload.engine import Engine
    from lkm.autoload.events import Event, Policy
    from lkm.autoload.nouns import Entry, Request

#: Said of a load whose worker is gone.
DIED = Outcome(status("failed"), "failed", (), "the process that loaded it died: see the kernel log")
_KEPT = 4
#: The job number of what nobody asked for, and how many of these may wait.
_ERRAND = -1
_MOST = 10_000


class Dispatch:
    """Drives an engine on a loop.

    ``make`` makes what does a worker's jobs: an alias → Outcome; a Remember, or what ``errand`` is given → lines to
    be said. ``note`` is told each entry of the history, ``say`` such lines. ``most``: that many loads at once.
    """

    def __init__(
        self,
        engine: Engine,
        make: Callable[[], Callable[[Any], Any]],
        loop: asyncio.AbstractEventLoop,
        note: Callable[[Entry], None],
        say: Callable[[str], None],
        most: int,
    ) -> None:
        self.engine = engine
        self._loop = loop
        self._note = note
        self._say = say
        self._answers: dict[int, Callable[[Outcome], None]] = {}
        self._errands: deque[object] = deque(maxlen=_MOST)
        self._running_errand = False
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None
        # One more than the engine ever runs: for an errand.
        self.pool = Pool(make, most + 1, loop.add_reader, loop.remove_reader, self._ended, _KEPT)
        self.idle: Callable[[], None] = lambda: None

    def ask(self, request: Request, answer: Callable[[Outcome], None], inside: int = 0) -> int:
        """Put a question; ``answer`` is called with what came of it, perhaps before this returns.

        Returns its number, for ``gone``.
        """
        self._last += 1
        client = self._last
        self._answers[client] = answer
        self._feed(Asked(client, request, inside))
        return client

    def gone(self, client: int) -> None:
        """Take it that nobody waits for this answer any more."""
        if self._answers.pop(client, None):
            self._feed(Gone(client))

    def errand(self, payload: object) -> None:
        """Let a worker do something that nobody waits for: one such thing at a time, in order."""
        if len(self._errands) == _MOST:
            self._say(f"{_MOST} errands wait already; the oldest is left undone")
        self._errands.append(payload)
        self._next_errand()

    def _next_errand(self) -> None:
        if self._errands and not self._running_errand:
            try:
                self._running_errand = self.pool.start(_ERRAND, self._errands[0])
            except OSError as error:
                self._say(f"no worker is to be had: {error}")
            if self._running_errand:
                self._errands.popleft()

    def reloaded(self, policy: Policy | None = None) -> None:
        """Take it that what failed before may work now, with another policy if one is given."""
        self._feed(Reloaded(policy))

    def stopping(self) -> None:
        """Begin no load any more; ``idle`` is called when nothing runs."""
        self._feed(Stopping())

    @property
    def working(self) -> bool:
        """Tell whether loads run that come to an end in time."""
        return bool(self.engine.callers or self.engine.running or self._errands or self._running_errand)

    def close(self) -> None:
        """End the workers."""
        if self._timer is not None:
            self._timer.cancel()
        self.pool.close()

    def _feed(self, event: Event) -> None:
        for action in self.engine.feed(event, self._loop.time()):
            if isinstance(action, Answer):
                if (answer := self._answers.pop(action.client, None)) is not None:
                    answer(action.outcome)
            elif isinstance(action, Start):
                self._start(action)
            elif isinstance(action, Note):
                self._note(action.entry)
            elif isinstance(action, Remember):
                self.errand(action)
            elif isinstance(action, Stop):
                self.pool.kill(action.job)
        self._set_timer()
        if not self.working:
            self.idle()

    def _start(self, action: Start) -> None:
        try:
            started = self.pool.start(action.job, action.request.alias)
            why = "all workers have something to do"
        except OSError as error:  # no process or file descriptor is to be had
            started, why = False, str(error)
        if not started:
            outcome = Outcome(status("failed"), "failed", (), f"it could not be begun: {why}")
            self._loop.call_soon(self._feed, Finished(action.job, outcome))

    def _ended(self, job: int, result: Any) -> None:
        if job == _ERRAND:
            self._running_errand = False
            for line in ("a worker died over an errand",) if result is None else result:
                self._say(line)
            self._next_errand()
            if not self.working:
                self.idle()
            return
        self._feed(Finished(job, result if isinstance(result, Outcome) else DIED))

    def _set_timer(self) -> None:
        deadline = self.engine.deadline
        if self._timer is not None:
            if deadline is not None and self._timer.when() <= deadline and not self._timer.cancelled():
                return  # it finds out then
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._feed(Tick())
