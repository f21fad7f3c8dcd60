"""What is wrong with a module directory's indexes, beside what is really there: looked for after a refusal."""

from __future__ import annotations

import os

from lkm.config.depmod import DEFAULT_EXCLUDES
from lkm.diagnose.finding import Fact
from lkm.errors import LkmError
from lkm.names import fold, name_from_path
from lkm.system.indexfiles import open_index
from lkm.system.tree import list_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: What names are looked up in.
_NEEDED = ("modules.dep.bin", "modules.alias.bin")
_SHOWN = 3
#: Who copies a tree makes all its files at about one time, in any order.
_TOGETHER = 2_000_000_000


def index_faults(directory: str, name: str = "", excludes: tuple[str, ...] = DEFAULT_EXCLUDES) -> tuple[Fact, ...]:
    """Return the faults of a directory as /lib/modules/RELEASE: it is missing, so is an index, or they are stale.

    Stale are indexes that list files which are not there, that lack files which are, or that are older than a file;
    with a ``name`` only what concerns finding that module is told. Directories of a name in ``excludes`` are passed
    over, as by depmod.
    """
    if not os.path.isdir(directory):
        return (Fact("there is no such directory", directory),)
    try:
        there = list(list_modules(directory, excludes))
    except LkmError as error:
        return (Fact(error.what, directory),)
    if not there:
        return (Fact("no module file is in it", directory),)
    states = [(file, _missing(directory, file)) for file in _NEEDED]
    faults = [Fact(f"{file} is {how}", f"{directory}/{file}") for file, how in states if how]
    return tuple(faults or _stale(directory, there, fold(name) if name else ""))


def _missing(directory: str, name: str) -> str:
    try:
        size = os.path.getsize(f"{directory}/{name}")
    except OSError:
        return "missing"
    return "" if size else "empty"


def _stale(directory: str, there: list[str], only: str) -> list[Fact]:
    index = f"{directory}/{_NEEDED[0]}"
    try:
        listed = [_absolute(directory, entry.path) for entry in open_index(directory).all_modules()]
    except LkmError as error:
        return [Fact(error.what, index)]
    known = {name_from_path(path) for path in listed}
    new = [path for path in there if name_from_path(path) not in known and only in ("", name_from_path(path))]
    facts = [Fact(f"does not list {_some(new)}", index)] if new else []
    if only:
        return facts
    gone = [path for path in set(listed) - set(there) if not os.path.exists(path)]
    made = _time(index) + _TOGETHER
    younger = [path for path in there if _time(path) > made]
    facts += [Fact(f"lists files that are not there: {_some(gone)}", index)] if gone else []
    return facts + ([Fact(f"is older than {_some(younger)}", index)] if younger else [])


def _absolute(directory: str, path: str) -> str:
    return path if path.startswith("/") else f"{directory}/{path}"


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _some(paths: Iterable[str]) -> str:
    names = sorted(paths)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
