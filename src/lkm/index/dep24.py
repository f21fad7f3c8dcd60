r"""modules.dep as depmod of modutils 2.4 wrote it: which module files need which, by their symbols.

A line is the file's full path, a colon, a tab, and the files that it needs, by " \", a line end and a tab; an empty
line follows. All that is needed is there, not only by the file itself; what is to be loaded first stands last.

>>> text = dep_text([("/m/msdos.o", ("/m/fat.o",)), ("/m/fat.o", ()), ("/m/lp.o", ("/m/a.o", "/m/b.o"))])
>>> text
'/m/msdos.o:\t/m/fat.o\n\n/m/fat.o:\n\n/m/lp.o:\t/m/a.o \\\n\t/m/b.o\n\n'
>>> parse_dep(text, "modules.dep")[0]["/m/lp.o"]
('/m/a.o', '/m/b.o')
"""

from __future__ import annotations

from lkm.modfile.object24 import split_version
from lkm.origin import Origin, Problem
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lkm.modfile.object24 import Object24

    Rows = Sequence[tuple[str, tuple[str, ...]]]

_HIDDEN = ("init_module", "cleanup_module", "can_unload")
_GPL_ONLY = "GPLONLY_"


class Depends(Record):
    """``rows``: a path and the paths that it needs. ``unresolved``: a path and the symbols that nobody has.

    ``circles``: paths that need each other.
    """

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    unresolved: tuple[tuple[str, tuple[str, ...]], ...]
    circles: tuple[tuple[str, ...], ...]


def offered(module: Object24) -> tuple[str, ...]:
    """Return the names that a file exports to others, without the mark of those that are for GPL modules only."""
    return tuple([name.removeprefix(_GPL_ONLY) for name in module.exports if name not in _HIDDEN])


def depends(files: Iterable[tuple[str, Object24]], kernel: Iterable[str] | None = None) -> Depends:
    """Work out what each file needs. ``kernel`` are the kernel's own symbols; None where nobody knows them.

    A symbol with a version fits only that version, or the name without any. What the kernel has is not looked for in
    files; of two files that have it the first counts.
    """
    files = list(files)
    own = _both([name.removeprefix(_GPL_ONLY) for name in kernel or ()])
    owners: dict[str, str] = {}
    for path, module in files:
        for name in _both(offered(module)):
            owners.setdefault(name, path)
    direct: dict[str, list[str]] = {}
    unresolved = []
    for path, module in files:
        found: dict[str, None] = {}
        missing = []
        for need in (*module.needs, *module.weak):
            if need in own or _bare(need) in own:
                continue
            owner = owners.get(need) or owners.get(_bare(need))
            if owner is None and need in module.needs:
                missing.append(need)
            elif owner is not None and owner != path:
                found[owner] = None
        direct[path] = list(found)
        if missing and kernel is not None:
            unresolved.append((path, tuple(missing)))
    circles: list[tuple[str, ...]] = []
    rows = tuple([(path, _closure(path, direct, circles)) for path, _ in files])
    return Depends(rows, tuple(unresolved), tuple(circles))


def _bare(symbol: str) -> str:
    """Return the key of a symbol that has no version: one without a version fits every version."""
    base, _, crc = split_version(symbol)
    return f"{base}\0" if crc else f"{symbol}\0any"


def _both(names: Sequence[str]) -> dict[str, None]:
    """Return names as they are, and marked: ``\\0`` for those without a version, ``\\0any`` for all bare names."""
    keys = dict.fromkeys(names)
    for name in names:
        base, _, crc = split_version(name)
        keys[f"{base}\0any"] = None
        if not crc:
            keys[f"{base}\0"] = None
    return keys


def _closure(start: str, direct: Mapping[str, Sequence[str]], circles: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return all that a file needs, each before what it needs itself (so that the last is loaded first)."""
    done: list[str] = []
    seen = {start}
    stack = [(start, iter(direct[start]))]
    while stack:
        path, rest = stack[-1]
        need = next(rest, None)
        if need is None:
            stack.pop()
            if path != start:
                done.append(path)
            continue
        on_way = [step for step, _ in stack]
        if need in on_way:
            circle = tuple(on_way[on_way.index(need) :])
            if need == min(circle) and circle not in circles:
                circles.append(circle)
        if need not in seen:
            seen.add(need)
            stack.append((need, iter(direct[need])))
    return tuple(reversed(done))


def dep_text(rows: Rows) -> str:
    """Return the text of modules.dep."""
    joined = [(path, " \\\n\t".join(needs)) for path, needs in rows]
    return "".join([f"{path}:\t{needs}\n\n" if needs else f"{path}:\n\n" for path, needs in joined])


def parse_dep(text: str, file: str) -> tuple[dict[str, tuple[str, ...]], tuple[Problem, ...]]:
    """Return what each path needs, in the file's order, and the lines that make no sense."""
    found: dict[str, tuple[str, ...]] = {}
    problems = []
    held, first = "", 1
    for number, row in enumerate(text.split("\n"), 1):
        if row.endswith("\\"):
            held += row[:-1]
            continue
        line, at = held + row, first
        held, first = "", number + 1
        if not line.strip():
            continue
        path, colon, needs = line.partition(":")
        if not colon or not path.strip():
            problems.append(Problem(Origin(file, at), "no path and colon at the start", line, 1, "run depmod"))
            continue
        found[path.strip()] = tuple(needs.split())
    return found, tuple(problems)
