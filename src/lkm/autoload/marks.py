"""The marks that stand for the autoclean flag of Linux 2.4: which modules may go when they are idle, and their past.

The kernel of today has no such flag, nor does it note that a module was used. So each mark has what was seen of its
module's use, look by look; the four flags of 2.4 (include/linux/module.h) are: AUTOCLEAN, that there is a mark;
USED_ONCE and VISITED, fields of it; JUST_FREED, known to a sweep only.

>>> from lkm.state.usage import Sample
>>> mark = Mark("fat", 71, 10.0, 10.0, "fs-msdos", "kernel")
>>> seen = observe(mark, Sample("fat", 71, 1, ("msdos",)), 70.0)
>>> seen.used_once, seen.visited, seen.last_use
(True, False, 70.0)
"""

from __future__ import annotations

import json

from lkm.autoload.nouns import Request
from lkm.errors import FormatError
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lkm.state.usage import Sample

_VERSION = 1


class Mark(Record):
    """A module that may go. Times are seconds since the kernel was booted.

    ``instance`` is that of the module when it was loaded, 0 where it could not be told. ``alias`` was asked for, by a
    ``requester`` of lkm.autoload.nouns. ``used_once``: it was seen in use. ``visited``: it was in use since a sweep
    last cleared this. ``last_use`` is when it was last seen in use or held, at first when it was loaded. ``in_use``
    and ``holders`` are what the last look saw.
    """

    module: str
    instance: int
    loaded: float
    last_use: float
    alias: str = ""
    requester: str = ""
    uid: int = -1
    used_once: bool = False
    visited: bool = False
    in_use: bool = False
    holders: tuple[str, ...] = ()


class Marks(Record):
    """All marks, by name, of one boot of the kernel. ``pins`` are modules that stay until somebody unpins them.

    Who sweeps again and again says when it last did, ``swept``, and so many seconds after which it will again,
    ``every`` (0: nobody has said that yet).
    """

    boot: str = ""
    marks: tuple[Mark, ...] = ()
    pins: tuple[str, ...] = ()
    swept: float = 0.0
    every: float = 0.0

    def of(self, module: str) -> Mark | None:
        """Return the mark of a module, or None."""
        return next((mark for mark in self.marks if mark.module == module), None)

    def put(self, marks: Iterable[Mark]) -> Marks:
        """Return these with others added, each in the place of that of the same name."""
        known = {mark.module: mark for mark in (*self.marks, *marks)}
        return self._replace(marks=tuple([known[name] for name in sorted(known)]))

    def without(self, names: Collection[str]) -> Marks:
        """Return these without the marks of some modules."""
        return self._replace(marks=tuple([mark for mark in self.marks if mark.module not in names]))


class Lost(Record):
    """A mark that does not count any more, and why: ``gone``, ``replaced`` or ``rebooted``."""

    mark: Mark
    why: str


def mark_for(module: str, instance: int, request: Request, now: float) -> Mark:
    """Return the mark of a module that was just loaded for a request."""
    return Mark(module, instance, now, now, request.alias, request.requester, request.uid)


def observe(mark: Mark, sample: Sample, now: float) -> Mark:
    """Return a mark with what a look at its module shows.

    A use sets USED_ONCE and VISITED, its end VISITED, and a module that is loaded on top USED_ONCE, as in 2.4
    (include/linux/module.h: ``__MOD_INC_USE_COUNT``; kernel/module.c: ``sys_init_module``).
    """
    touched = sample.in_use or mark.in_use
    return mark._replace(
        used_once=mark.used_once or sample.in_use or not set(sample.holders) <= set(mark.holders),
        visited=mark.visited or touched,
        last_use=now if touched or sample.holders else mark.last_use,
        in_use=sample.in_use,
        holders=sample.holders,
    )


def reconcile(marks: Marks, boot: str, samples: Iterable[Sample]) -> tuple[Marks, tuple[Lost, ...]]:
    """Return the marks whose modules are still those that were marked, and what became of the others."""
    if marks.boot not in ("", boot):
        return Marks(boot), tuple([Lost(mark, "rebooted") for mark in marks.marks])
    instances = {sample.module: sample.instance for sample in samples}
    kept, lost = [], []
    for mark in marks.marks:
        instance = instances.get(mark.module)
        if instance is None:
            lost.append(Lost(mark, "gone"))
        elif mark.instance and instance and instance != mark.instance:
            lost.append(Lost(mark, "replaced"))
        else:
            kept.append(mark)
    pins = tuple([pin for pin in marks.pins if pin in instances or not marks.of(pin)])
    return marks._replace(boot=boot, marks=tuple(kept), pins=pins), tuple(lost)


def dump(marks: Marks) -> str:
    """Return the text of a state file."""
    rows = [mark._asdict() for mark in marks.marks]
    document = {"version": _VERSION, "boot": marks.boot, "modules": rows, "pins": list(marks.pins)}
    return json.dumps({**document, "swept": marks.swept, "every": marks.every}, indent=1) + "\n"


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and abs(value) < 1e12


def load(text: str, where: str = "") -> Marks:
    r"""Return the marks of a state file's text; raises FormatError.

    >>> load(dump(Marks("b", (Mark("fat", 1, 2.0, 3.0, holders=("msdos",)),), ("fat",)))).marks[0].holders
    ('msdos',)
    """
    try:
        found = json.loads(text)
        if found["version"] != _VERSION:
            raise FormatError(f"version {found['version']} of the state is not known", where, hint="remove the file")
        rows = [Mark(**{**row, "holders": tuple(row["holders"])}) for row in found["modules"]]
        swept, every = found.get("swept", 0.0), found.get("every", 0.0)
        typed = [isinstance(row.module, str) and _is_time(row.loaded) and _is_time(row.last_use) for row in rows]
        typed += [_is_time(swept), _is_time(every), *[isinstance(pin, str) for pin in found["pins"]]]
        if not all(typed):
            raise TypeError
        return Marks(str(found["boot"]), (), tuple(found["pins"]), swept, every).put(rows)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError("this is no state of the autoloader", where, hint="remove the file") from error
