"""The engine's driver: questions in, loads by workers, answers out. Nobody who asks is waited for here."""

from __future__ import annotations

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


class Dispatch:
    """Drives an engine on a loop.

    ``make`` makes what does a worker's jobs: an alias → Outcome. ``note`` is told each entry of the history,
    ``remember`` which modules were inserted for a request and may go again. ``most``: that many loads at once.
    """

    def __init__(
        self,
        engine: Engine,
        make: Callable[[], Callable[[Any], Any]],
        loop: asyncio.AbstractEventLoop,
        note: Callable[[Entry], None],
        remember: Callable[[tuple[str, ...], Request], None],
        most: int,
    ) -> None:
        self.engine = engine
        self._loop = loop
        self._note = note
        self._remember = remember
        self._answers: dict[int, Callable[[Outcome], None]] = {}
        self._errands: dict[int, Callable[[Any], None]] = {}
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

    def errand(self, payload: object, finished: Callable[[Any], None]) -> bool:
        """Let a worker do something that nobody asked for; False when it cannot be done now."""
        self._last += 1
        self._errands[-self._last] = finished
        if self.pool.start(-self._last, payload):
            return True
        del self._errands[-self._last]
        return False

    def reloaded(self, policy: Policy | None = None) -> None:
        """Take it that what failed before may work now, with another policy if one is given."""
        self._feed(Reloaded(policy))

    def stopping(self) -> None:
        """Begin no load any more; ``idle`` is called when nothing runs."""
        self._feed(Stopping())

    @property
    def working(self) -> bool:
        """Tell whether loads run that come to an end in time."""
        return bool(self.engine.callers or self.engine.running or self._errands)

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
                self._remember(action.modules, action.request)
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
        if job < 0:
            self._errands.pop(job)(result)
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
