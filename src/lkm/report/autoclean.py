"""What a sweep says, for people and as an object.

>>> from lkm.origin import Origin
>>> print(line(Opinion("fat", "held", "msdos"), 5))
fat    held       modules use it: msdos
>>> print(line(Opinion("brd", "never", "it is mine", Origin("a.conf", 2)), 5))
brd    never      the configuration keeps it: it is mine (a.conf:2)
"""

from __future__ import annotations

from lkm.autoload.autoclean import WORDS, Opinion
from lkm.report.document import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.autoload.marks import Lost, Mark
    from lkm.report.document import Object

_LOST = {"gone": "it is not loaded any more", "replaced": "it was loaded anew", "rebooted": "it was of another boot"}


def table(opinions: Sequence[Opinion]) -> str:
    """Return a line for each module: its name, the word, and why."""
    width = max([len(opinion.module) for opinion in opinions], default=0)
    return "".join([f"{line(opinion, width)}\n" for opinion in opinions])


def line(opinion: Opinion, width: int) -> str:
    """Return the line of one module."""
    return f"{opinion.module:<{width}}  {opinion.word:<9}  {WORDS[opinion.word]}{_more(opinion)}"


def _more(opinion: Opinion) -> str:
    detail = f": {opinion.detail}" if opinion.detail else ""
    return detail + (f" ({opinion.origin})" if opinion.origin else "")


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


def opinion_object(opinion: Opinion, mark: Mark | None) -> Object:
    """Return one module's opinion and past as an object. Times are seconds since the boot."""
    return {
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
