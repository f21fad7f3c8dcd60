"""What a sweep says, for people and as an object.

>>> from lkm.origin import Origin
>>> print(line(Opinion("fat", "held", "msdos"), 5))
fat    held       modules use it: msdos
>>> print(line(Opinion("brd", "never", "it is mine", Origin("a.conf", 2)), 5))
brd    never      the configuration keeps it: it is mine (a.conf:2)
"""

from __future__ import annotations

from lkm.autoload.autoclean import WORDS, Opinion
from lkm.autoload.outlook import Outlook
from lkm.report.document import place
from lkm.report.watch import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lkm.autoload.marks import Lost, Mark
    from lkm.report.document import Object

_LOST = {"gone": "it is not loaded any more", "replaced": "it was loaded anew", "rebooted": "it was of another boot"}


def table(opinions: Sequence[Opinion], when: Mapping[str, str] | None = None) -> str:
    """Return a line for each module: its name, the word, and why; ``when`` has more to be said of some."""
    width = max([len(opinion.module) for opinion in opinions], default=0)
    more = when or {}
    lines = [(line(opinion, width), more.get(opinion.module, "")) for opinion in opinions]
    return "".join([f"{text}; {last}\n" if last else f"{text}\n" for text, last in lines])


def line(opinion: Opinion, width: int) -> str:
    """Return the line of one module."""
    return f"{opinion.module:<{width}}  {opinion.word:<9}  {sentence(opinion)}"


def sentence(opinion: Opinion) -> str:
    """Return what is said of a module, in words."""
    return f"{WORDS[opinion.word]}{_more(opinion)}"


def _more(opinion: Opinion) -> str:
    detail = f": {opinion.detail}" if opinion.detail else ""
    return detail + (f" ({opinion.origin})" if opinion.origin else "")


def goes_in(outlook: Outlook, now: float, *, active: bool) -> str:
    """Return when a module goes, in words; "" for one that stays if nothing happens.

    >>> fat = Outlook(Opinion("fat", "idle"), 175.0, sure=True)
    >>> goes_in(fat, 100.0, active=True), goes_in(fat._replace(sure=False), 100.0, active=False)
    ('it goes in 1m15s', 'it would go in 1m15s at the earliest')
    >>> goes_in(fat, 175.0, active=True)
    'it goes by the next sweep'
    """
    if outlook.at is None:
        return ""
    left = outlook.at - now
    when = f"in {span(left)}{'' if outlook.sure else ' at the earliest'}" if left >= 1 else "by the next sweep"
    return f"it {'goes' if active else 'would go'} {when}"


def gone(opinion: Opinion, *, active: bool) -> str:
    """Return what is said of a module that goes.

    >>> from lkm.origin import Origin
    >>> gone(Opinion("fat", "goes", "idle for 2 min of 60 s", Origin("a.conf", 2)), active=False)
    'would remove fat: idle for 2 min of 60 s (a.conf:2)'
    """
    return f"{'removed' if active else 'would remove'} {opinion.module}{_more(opinion)}"


def lost(one: Lost) -> str:
    """Return what is said of a mark that does not count any more."""
    return f"{one.mark.module} is marked no more: {_LOST[one.why]}"


def opinion_object(opinion: Opinion, mark: Mark | None, outlook: Outlook | None = None) -> Object:
    """Return one module's opinion, past and, where there is an outlook, future; times are seconds since the boot."""
    future: Object = {} if outlook is None else {"goes_at": outlook.at, "sure": outlook.sure}
    return future | {
        "name": opinion.module,
        "word": opinion.word,
        "detail": opinion.detail,
        "origin": place(opinion.origin) if opinion.origin else None,
        "request": mark and {"alias": mark.alias, "requester": mark.requester, "uid": mark.uid},
        "loaded_at": mark and mark.loaded,
        "used_at": mark and mark.last_use,
        "used_once": mark and mark.used_once,
        "visited": mark and mark.visited,
    }
