"""When marked modules would go, if nothing happened to them from now on. Without I/O.

It is what the sweeps to come would do, imagined: the rule is in lkm.autoload.autoclean alone. Only those sweeps are
imagined that can say something new: the next one, and those before which a time runs out.

>>> from lkm.autoload.marks import Mark
>>> marks = Marks("b", (Mark("fat", 1, 0, 0, used_once=True), Mark("msdos", 2, 0, 0, used_once=True)), (), 30.0, 20.0)
>>> samples = (Sample("msdos", 2), Sample("fat", 1, 1, ("msdos",)))
>>> [(each.module, each.word, each.at, each.sure) for each in outlooks(marks, samples, AutocleanSettings(), 40.0)]
[('fat', 'held', 70.1, True), ('msdos', 'idle', 70.1, True)]
"""

from __future__ import annotations

from math import ceil

from lkm.autoload.autoclean import foresee, without
from lkm.autoload.marks import Marks
from lkm.config.autoclean import AutocleanSettings
from lkm.record import Record
from lkm.state.usage import Sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lkm.autoload.autoclean import Opinion


#: A sweep takes a while itself, so the next begins a little later than was said. By exact times one would be imagined
#: a hair too early for a module that must be idle for whole periods, and the one a period later would count.
TAKES = 0.05
#: Words of modules that wait for something: for time, or for others to go. Of all others no sweep says anything else.
_WAITING = ("unused", "visited", "idle", "held")


class Outlook(Record):
    """When a marked module would go: ``at``, in seconds since the boot; None: never, unless something happens.

    ``opinion`` is what a sweep now would say. Not ``sure``: nobody has said when the next sweep will be, or it is
    overdue; then the module goes by the first sweep after ``at``, which may need one before it.
    """

    opinion: Opinion
    at: float | None
    sure: bool = False

    @property
    def module(self) -> str:
        """Return the module's name."""
        return self.opinion.module

    @property
    def word(self) -> str:
        """Return the word of the opinion."""
        return self.opinion.word


def next_sweep(marks: Marks, now: float) -> float | None:
    """Return when the next sweep will be, None where that is not known.

    One that is late by less than half its period comes at once; by more, and who swept has ended.

    >>> [next_sweep(Marks(swept=100.0, every=60.0), now) for now in (110.0, 170.0, 200.0)], next_sweep(Marks(), 5.0)
    ([160.05, 170.0, None], None)
    """
    due = marks.swept + marks.every + TAKES
    return max(due, now) if marks.every >= 0.01 and now < due + marks.every / 2 else None


def outlooks(marks: Marks, samples: Sequence[Sample], settings: AutocleanSettings, now: float) -> tuple[Outlook, ...]:
    """Return the outlook of each marked module that is loaded, by name; ``samples`` are the looks at them."""
    known = next_sweep(marks, now)
    first, period = (known, marks.every + TAKES) if known is not None else (now, 1.0)
    opinions = foresee(marks, samples, settings, now).opinions
    gone: dict[str, float] = {}
    count: int | None = 0
    while count is not None:
        at = first + count * period
        sweep = foresee(marks, samples, settings, at)
        fresh = [name for name, opinion in sweep.opinions.items() if opinion.goes]
        for name in fresh:
            gone[name] = at
            samples = without(samples, name)
        marks = sweep.kept([name for name, opinion in sweep.opinions.items() if opinion.word not in _WAITING])
        count = _next(count, first, period, sweep.opinions.values())
    return tuple([Outlook(opinions[name], gone.get(name), known is not None) for name in sorted(opinions)])


def _next(count: int, first: float, period: float, opinions: Iterable[Opinion]) -> int | None:
    """Return the number of the next sweep that can say something new, counted from 0; None: there is none."""
    times = [opinion.until for opinion in opinions if opinion.until is not None]
    return max(count + 1, ceil((min(times) - first) / period)) if times else None
