"""Devices' modaliases on their way to the engine: few at a time, each once, so that they crowd nobody out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from lkm.autoload.nouns import Outcome

#: So many questions of this kind are open at a time.
OPEN = 16
#: More waiting ones than any machine has: if they come all the same, all devices are looked at anew later.
MOST = 20_000
_AGAIN = 0.5


class Feed:
    """Asks for names one after the other. ``ask(name, answer)`` puts a question; ``known(name)`` tells whether any
    module is meant: most devices have a modalias that means nothing, and of these there need be no record.
    """

    def __init__(
        self,
        ask: Callable[[str, Callable[[Outcome], None]], object],
        known: Callable[[str], bool],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._ask = ask
        self._known = known
        self._loop = loop
        self._waiting: dict[str, None] = {}
        self._open = 0
        self._later: asyncio.Handle | None = None
        self.finished: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        """Tell whether something waits or is being loaded."""
        return bool(self._waiting or self._open)

    def add(self, names: Iterable[str]) -> bool:
        """Take in names; False when there are too many: then all that waited are forgotten."""
        self._waiting.update(dict.fromkeys(names))
        if len(self._waiting) > MOST:
            self._waiting.clear()
            return False
        self._pump_soon(0.0)
        return True

    def stop(self) -> None:
        """Ask nothing more."""
        self._waiting.clear()
        if self._later is not None:
            self._later.cancel()

    def _pump_soon(self, delay: float) -> None:
        if self._later is None:
            self._later = self._loop.call_later(delay, self._pump)

    def _pump(self) -> None:
        self._later = None
        looked = 0
        while self._waiting and self._open < OPEN:
            if looked == OPEN:  # others have their turn
                self._pump_soon(0.0)
                return
            looked += 1
            name = next(iter(self._waiting))
            del self._waiting[name]
            if self._known(name):
                self._open += 1
                self._ask(name, lambda outcome, name=name: self._answered(name, outcome))  # type: ignore[misc]
        if not self.busy:
            self.finished()

    def _answered(self, name: str, outcome: Outcome) -> None:
        self._open -= 1
        if outcome.cause == "busy" and self._open >= 0:
            self._waiting[name] = None
            self._pump_soon(_AGAIN)
        else:
            self._pump_soon(0.0)
