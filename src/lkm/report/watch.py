"""What happened to the modules while somebody watched: use counts over time, what was asked for, came and went. Pure.

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
from lkm.report.history import answer, served

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lkm.autoload.nouns import Entry
    from lkm.autoload.outlook import Outlook
    from lkm.state.nouns import KernelState, LoadedModule, LogRecord

#: So many samples of a use count, and so many events, are kept.
SAMPLES, EVENTS = 24, 500
#: Events of one kind that a look may bring; of more there is one that tells of all.
FEW = 8
_NAMED = 12
_BARS = " ▁▂▃▄▅▆▇█"


class Row(Record):
    """A module that is in the kernel: ``counts`` are its use counts, the newest last; ``seen`` when it was first
    seen and ``used`` when its count was last not 0 (seconds; ``used`` is ``seen`` where it never was). ``goes`` is
    what ``countdown`` says.
    """

    module: LoadedModule
    counts: tuple[int, ...]
    seen: float
    used: float
    goes: str = ""


class Event(Record):
    """Something that happened: ``kind`` is request (for ``name``, which is there now), refused (it is not), loaded,
    removed, use (a count changed), state, kernel (it logged), or note (something cannot be shown).
    """

    at: float
    kind: str
    name: str
    text: str = ""


class Watch(Record):
    """All that is known after the last look, which was ``at`` that time (-1: there was none yet).

    The last of ``events`` are ``news``, what that look has brought.
    """

    at: float = -1.0
    rows: tuple[Row, ...] = ()
    events: tuple[Event, ...] = ()
    news: tuple[Event, ...] = ()


def follow(
    before: Watch,
    state: KernelState,
    now: float,
    log: Iterable[LogRecord] = (),
    requests: Iterable[Entry] = (),
    goes: Mapping[str, str] | None = None,
    notes: Iterable[str] = (),
) -> Watch:
    """Return what is known after one more look: ``state`` at the time ``now``, what was logged and asked for since
    the last, what ``countdown`` says of some modules, and what else is to be told.
    """
    old = {row.module.name: row for row in before.rows}
    told = goes or {}
    events = [_asked(entry) for entry in requests]
    rows = []
    for module in state.modules:
        row = old.pop(module.name, None)
        soon = told.get(module.name, "")
        if row is None:
            rows.append(Row(module, (module.refcount,), now, now, soon))
            if before.at >= 0:
                events.append(Event(now, "loaded", module.name, f"{module.size} bytes"))
            continue
        events += _changes(row.module, module, now)
        used = now if module.refcount > 0 else row.used
        rows.append(Row(module, (*row.counts, module.refcount)[-SAMPLES:], row.seen, used, soon))
    events += [Event(now, "removed", name) for name in old]
    events += [Event(now, "kernel", "", record.text) for record in log]
    events += [Event(now, "note", "", note) for note in notes]
    news = folded(events)
    return Watch(now, tuple(rows), (*before.events, *news)[-EVENTS:], news)


def _asked(entry: Entry) -> Event:
    kind = "request" if served(entry) else "refused"
    return Event(entry.request.at, kind, entry.request.alias, answer(entry))


#: What may be shown of the events → their kinds; none: all.
VIEWS: dict[str, tuple[str, ...]] = {
    "all": (),
    "requests": ("request", "refused", "note"),
    "modules": ("loaded", "removed", "use", "state", "note"),
    "kernel": ("kernel", "note"),
}


def viewed(events: Iterable[Event], view: str) -> list[Event]:
    """Return the events that one of VIEWS shows."""
    return [event for event in events if not VIEWS[view] or event.kind in VIEWS[view]]


def folded(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events of one look; for each kind of which there are more than FEW, one that tells of all.

    Of what the kernel logged the last lines stay: dmesg has the others. Notes stay: each is told once.

    >>> [(event.name, event.text) for event in folded([Event(1.0, "loaded", name) for name in "abcdefghijklmn"])]
    [('14', 'a b c d e f g h i j k l and 2 more')]
    """
    kinds: dict[str, list[Event]] = {}
    for event in events:
        kinds.setdefault(event.kind, []).append(event)
    found: list[Event] = []
    for event in events:
        some = kinds[event.kind]
        if len(some) <= FEW or event.kind == "note":
            found.append(event)
        elif event is some[0]:
            found += _summary(some)
    return tuple(found)


def _summary(some: Sequence[Event]) -> list[Event]:
    more = len(some) - FEW
    if some[0].kind == "kernel":
        return [some[0]._replace(text=f"{more} lines before these: dmesg has them"), *some[-FEW:]]
    names = " ".join(dict.fromkeys([event.name for event in some[:_NAMED]]))
    rest = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    return [some[-1]._replace(name=str(len(some)), text=names + rest)]


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


#: Word of autoclean → what is said of a module that does not go by itself.
_STAYS = {
    "held": "in use",
    "counted": "in use",
    "interface": "in use",
    "device": "in use",
    "pinned": "pinned",
    "never": "never",
    "permanent": "never",
    "unused": "unused",
}


def countdown(outlook: Outlook, now: float, *, active: bool) -> str:
    """Return when autoclean removes a module, in few letters; ``now`` is the time since the boot.

    ``>``: not before that, as nobody has said when he sweeps; in brackets: it would, but it is not ``active``.

    >>> from lkm.autoload.autoclean import Opinion
    >>> from lkm.autoload.outlook import Outlook
    >>> soon = Outlook(Opinion("fat", "idle"), 175.0, sure=True)
    >>> countdown(soon, 100.0, active=True), countdown(soon._replace(sure=False), 100.0, active=False)
    ('1m15s', '(>1m15s)')
    >>> countdown(soon, 174.5, active=True), countdown(Outlook(Opinion("fat", "held"), None), 1.0, active=True)
    ('now', 'in use')
    """
    if outlook.at is None:
        return _STAYS.get(outlook.word, "")
    left = outlook.at - now
    texts = ("now", "due") if left < 1 else (span(left), f">{span(left)}")
    text = texts[0 if outlook.sure else 1]
    return text if active else f"({text})"


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


#: What the table tells of a module, and what it does not tell where it has no room.
TITLES = ("module", "size", "use", "over time", "idle", "goes in", "state", "taint", "used by")
_DISPENSABLE = ("taint", "state", "size", "idle")
#: Room that a column has at its sides, that the bar for scrolling has, and the least that is left for two columns.
_SIDES, _BAR, _LEAST = 2, 2, 8


def table(rows: Sequence[Row], now: float, width: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the titles of the columns, and the cells of each row, for a screen that is so many characters wide.

    What is the same for all modules (they are live, none taints, nothing goes by itself) has no column.
    """
    full = [dict(zip(TITLES, _cells(row, now), strict=True)) for row in rows]
    longest = 28 if width >= 100 else 20
    for cells in full:
        cells["module"] = cut(cells["module"], longest)
    titles = [
        title for title in TITLES if title not in ("goes in", "state", "taint") or any(cells[title] for cells in full)
    ]
    firm = {title: max([len(title), *[len(cells[title]) for cells in full]]) for title in titles}
    firm |= {"over time": 0, "used by": 0}

    def room() -> int:
        return width - _BAR - sum([firm[title] + _SIDES for title in titles])

    for title in _DISPENSABLE:
        if room() < 2 * _LEAST + 2 and title in titles:
            titles.remove(title)
    left = max(room(), 2 * _LEAST + 2)
    bar = max(len("over time"), min(SAMPLES, left // 2))
    for row, cells in zip(rows, full, strict=True):
        cells["over time"] = bars(row.counts[-bar:]).rjust(bar)
        cells["used by"] = cut(cells["used by"], left - bar)
    return tuple(titles), [tuple([cells[title] for title in titles]) for cells in full]


def _cells(row: Row, now: float) -> tuple[str, ...]:
    """Return the texts of a row, in the order of TITLES."""
    module = row.module
    return (
        module.name,
        str(module.size),
        "-" if module.refcount < 0 else str(module.refcount),
        "",
        "" if module.refcount > 0 else span(now - row.used),
        row.goes,
        "" if module.state == "Live" else module.state,
        module.taint,
        ",".join(module.holders),
    )


def cut(text: str, width: int) -> str:
    """Return a text that is no longer than so many characters.

    >>> cut("msdos,vfat", 10), cut("msdos,vfat", 8)
    ('msdos,vfat', 'msdos,v…')
    """
    return text if len(text) <= width else text[: width - 1] + "…"
