"""What happened to the modules while somebody watched: use counts over time, what came and what went. Pure.

>>> from lkm.names import ModuleName
>>> from lkm.state.nouns import KernelState, LoadedModule
>>> fat = LoadedModule(ModuleName("fat"), 60806, 0)
>>> watch = follow(Watch(), KernelState((fat,)), 10.0)
>>> watch = follow(watch, KernelState((fat._replace(refcount=2),)), 11.0)
>>> watch.rows[0].counts, watch.events
((0, 2), (Event(at=11.0, kind='use', name='fat', text='0 → 2'),))
>>> follow(watch, KernelState(), 12.0).events[-1]
Event(at=12.0, kind='removed', name='fat', text='')
"""

from __future__ import annotations

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lkm.state.nouns import KernelState, LoadedModule, LogRecord

#: So many samples of a use count, and so many events, are kept.
SAMPLES, EVENTS = 24, 500
_BARS = " ▁▂▃▄▅▆▇█"


class Row(Record):
    """A module that is in the kernel: ``counts`` are its use counts, the newest last; ``seen`` when it was first
    seen and ``used`` when its count was last not 0 (seconds; ``used`` is ``seen`` where it never was).
    """

    module: LoadedModule
    counts: tuple[int, ...]
    seen: float
    used: float


class Event(Record):
    """Something that happened: ``kind`` is loaded, removed, use (a count changed), state or kernel (it logged)."""

    at: float
    kind: str
    name: str
    text: str = ""


class Watch(Record):
    """All that is known after the last look, which was ``at`` that time (-1: there was none yet)."""

    at: float = -1.0
    rows: tuple[Row, ...] = ()
    events: tuple[Event, ...] = ()


def follow(before: Watch, state: KernelState, now: float, log: Iterable[LogRecord] = ()) -> Watch:
    """Return what is known after one more look: ``state`` at the time ``now``, and what was logged since the last."""
    old = {row.module.name: row for row in before.rows}
    events: list[Event] = []
    rows = []
    for module in state.modules:
        row = old.pop(module.name, None)
        if row is None:
            rows.append(Row(module, (module.refcount,), now, now))
            if before.at >= 0:
                events.append(Event(now, "loaded", module.name, f"{module.size} bytes"))
            continue
        events += _changes(row.module, module, now)
        used = now if module.refcount > 0 else row.used
        rows.append(Row(module, (*row.counts, module.refcount)[-SAMPLES:], row.seen, used))
    events += [Event(now, "removed", name) for name in old]
    events += [Event(now, "kernel", "", record.text) for record in log]
    return Watch(now, tuple(rows), (*before.events, *events)[-EVENTS:])


def _changes(old: LoadedModule, new: LoadedModule, now: float) -> list[Event]:
    events = []
    if old.refcount != new.refcount:
        events.append(Event(now, "use", new.name, f"{old.refcount} → {new.refcount}"))
    if old.state != new.state:
        events.append(Event(now, "state", new.name, f"{old.state} → {new.state}"))
    return events


def bars(counts: Iterable[int]) -> str:
    """Return use counts as bars, the highest of them as high as the line.

    >>> bars((0, 1, 2, 8)), bars((0, 0)), bars((-1,))
    (' ▁▂█', '  ', ' ')
    """
    numbers = [max(count, 0) for count in counts]
    top = max(8, *numbers, 8)
    return "".join([_BARS[-(-number * 8 // top)] for number in numbers])


#: Column → what rows are sorted by, and whether the greatest comes first.
ORDERS: dict[str, tuple[Callable[[Row], object], bool]] = {
    "name": (lambda row: row.module.name, False),
    "size": (lambda row: row.module.size, True),
    "used": (lambda row: row.module.refcount, True),
    "idle": (lambda row: row.used, False),
    "newest": (lambda row: row.seen, True),
}


def chosen(watch: Watch, order: str, pattern: str = "") -> tuple[Row, ...]:
    """Return the rows whose module or holders have ``pattern`` in their name, sorted by one of ``ORDERS``."""
    key, most_first = ORDERS[order]
    rows = [row for row in watch.rows if any(pattern in name for name in (row.module.name, *row.module.holders))]
    rows.sort(key=lambda row: row.module.name)
    return tuple(sorted(rows, key=key, reverse=most_first))  # type: ignore[arg-type]


def span(seconds: float) -> str:
    """Return a length of time in few letters.

    >>> span(5), span(75), span(7300), span(200000)
    ('5s', '1m15s', '2h01m', '2d07h')
    """
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"
