"""What failed lately, and what is not tried again for a while because it failed over and over.

>>> from lkm.autoload.nouns import Outcome
>>> failures = Failures(Limits(failures=2, failure_seconds=10.0, hold_seconds=30.0))
>>> no = Outcome(3, "not-found", text="no module has the alias fs-x")
>>> failures.note("fs-x", no, 1.0); failures.held("fs-x", 1.0)
>>> failures.note("fs-x", no, 2.0); print(failures.held("fs-x", 2.5).text)
no module has the alias fs-x (it failed 2 times in 1 s; tried again in 30 s)
>>> failures.held("fs-x", 32.0)
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

from lkm.autoload.events import Limits
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from lkm.autoload.nouns import Outcome


class _Failure(Record):
    """``times`` of the last failures, oldest first; it is not tried before ``until``; ``outcome`` is the last."""

    times: tuple[float, ...]
    until: float
    outcome: Outcome


class Failures:
    """Counts failures by key, of a bounded number of keys: that which failed longest ago is forgotten first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._known: OrderedDict[Hashable, _Failure] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def note(self, key: Hashable, outcome: Outcome, now: float) -> None:
        """Count a failure; the one that is too many begins a time in which ``held`` answers."""
        limits = self.limits
        before = self._known.pop(key, None)
        recent = [at for at in (before.times if before else ()) if now - at <= limits.failure_seconds]
        times = tuple([*recent, now][-limits.failures :])
        until = now + limits.hold_seconds if len(times) >= limits.failures else now
        self._known[key] = _Failure(times, until, outcome)
        while len(self._known) > limits.remembered:
            self._known.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        """Take it that the key works now."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()

    def held(self, key: Hashable, now: float) -> Outcome | None:
        """Return the answer for a key that is not to be tried now; None for one that may be.

        After such a time it may be tried once: another failure begins the next.
        """
        known = self._known.get(key)
        if known is None or len(known.times) < self.limits.failures:
            return None
        if now >= known.until:
            self._known[key] = known._replace(times=(now,) * (self.limits.failures - 1))
            return None
        count, span = len(known.times), ceil(known.times[-1] - known.times[0])
        again = f"it failed {count} times in {span} s; tried again in {ceil(known.until - now)} s"
        return known.outcome._replace(modules=(), text=f"{known.outcome.text} ({again})".lstrip(), seconds=0.0)
