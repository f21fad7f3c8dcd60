"""The cache of depmod on disk, ``modules.lkm-cache``: whether it may be trusted, and which files it still holds for.

A file is taken for unchanged when its size, mtime, inode and ctime are (or with ``--hash`` its contents). Times are
only as fine as the kernel's clock, so a file that changed within ``RACY_NS`` before the run may change again, after
it was read, and look the same: its stamp is not kept, and the next run reads it again (as in git's index).
"""

from __future__ import annotations

import os
import stat

from lkm.errors import LkmError
from lkm.index.cache import NO_HASH, STAMP, Cache, Column, dump, load, summary, unpack
from lkm.record import Record
from lkm.system.beside import beside
from lkm.system.files import read_bytes
from lkm.system.fileset import ENDING, RECORD, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.build import Marks

NAME = "modules.lkm-cache"

#: The kernel's clock of files has 1 to 10 ms.
RACY_NS = 100_000_000

#: Fewer files than this are looked at in less time than a process takes.
_MANY = 1000

#: What the indexes hold besides the modules' facts.
INPUTS = ("modules.builtin", "modules.builtin.modinfo")

NO_FACTS = Column(b"", ())
NO_STAMP = STAMP.pack(0, 0, 0, 0, NO_HASH)


def read_cache(directory: str, context: bytes) -> Cache | None:
    """Return the cache of a directory, if there is one that was made with the same context.

    It must be a plain file of ours or root's that nobody else may write: else anybody could make up an index.
    """
    path = f"{directory}/{NAME}"
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o022 or found.st_uid not in (0, os.geteuid()):
            return None
        cache = load(read_bytes(path))
    except (OSError, LkmError):
        return None
    return cache if cache and cache.context == context else None


def write_cache(directory: str, cache: Cache) -> None:
    """Replace the cache. That this fails hurts nobody, so it does so in silence.

    Nor is it synced: what a loss of power leaves of it is as good as damaged, and so is no cache.
    """
    temporary = f"{directory}/{NAME}{ENDING}"
    try:
        write_file(temporary, *dump(cache))
        os.rename(temporary, f"{directory}/{NAME}")
    except OSError:
        try:  # noqa: SIM105  (contextlib costs more than this)
            os.unlink(temporary)
        except OSError:
            pass


def stamps_of(paths: list[str], before_ns: int) -> list[bytes]:
    """Return the stamp of every file; NO_STAMP for one that is gone, or changed at ``before_ns`` or later."""
    out = []
    pack = STAMP.pack
    for path in paths:
        try:
            s = os.stat(path)
        except OSError:
            out.append(NO_STAMP)
            continue
        if s.st_ctime_ns < before_ns and s.st_mtime_ns < before_ns and s.st_mtime_ns >= 0:
            out.append(pack(s.st_size, s.st_mtime_ns, s.st_ino, s.st_ctime_ns, NO_HASH))
        else:
            out.append(NO_STAMP)
    return out


def _all_stamps(paths: list[str], before_ns: int) -> list[bytes]:
    """Return the stamps of thousands of files, half of them looked at by a child."""
    if len(paths) < _MANY:
        return stamps_of(paths, before_ns)
    half = len(paths) // 2
    rest = beside(lambda: b"".join(stamps_of(paths[half:], before_ns)))
    stamps = stamps_of(paths[:half], before_ns)
    others = rest()
    return stamps + [others[at : at + STAMP.size] for at in range(0, len(others), STAMP.size)]


class Reading(Record):
    """What was read, by file: facts, CRCs of exports and needs, stamps; ``faults`` are (place, text).

    ``read`` is how many files were. ``kept``: the places in the cache of files whose facts come from there, or -1.
    """

    facts: tuple[Column, Column, Column, Column]
    marks: list[Marks]
    stamps: list[bytes]
    faults: list[tuple[int, str]]
    read: int
    kept: list[int]

    def same_as(self, cache: Cache) -> bool:
        """Tell whether the cache has just these files and none of them changed."""
        return self.kept == list(range(len(cache.facts[0])))


def read_files(
    paths: list[str],
    names: list[bytes],
    cache: Cache | None,
    before_ns: int,
    *,
    crcs: bool = False,
    hashed: bool = False,
    stamping: bool = True,
    tick: Callable[[int, int], object] = lambda _done, _all: None,
) -> Reading:
    """Return the facts of module files, from the cache for those that did not change; ``names`` are theirs in it.

    ``crcs``: with CRCs, which no cache has. ``hashed``: files are compared by contents. ``before_ns``: when the run
    began, less RACY_NS; without ``stamping`` there are no stamps, for nobody will write a cache. ``tick`` is called
    with how many files are read, of how many, now and then.
    """
    known, old = _known(cache)
    places = [known.get(name, -1) for name in names]
    stamps = _all_stamps(paths, before_ns) if stamping else [NO_STAMP] * len(paths)
    todo = []
    for i, place in enumerate(places):
        if place < 0 or hashed or stamps[i] == NO_STAMP or old[place][:-16] != stamps[i][:-16]:
            todo.append(i)
        else:
            stamps[i] = old[place]
    hashes = [old[places[i]][-16:] if places[i] >= 0 else NO_HASH for i in todo] if hashed else None
    if not todo and cache and places == list(range(len(old))):
        return Reading(cache.facts, [({}, {})] * len(paths), stamps, [], 0, places)
    from lkm.system.modscan import scan_modules

    outcomes = scan_modules(
        [paths[i] for i in todo], crcs=crcs, hashes=hashes, tick=lambda done: tick(done, len(todo))
    )
    marks: list[Marks] = [({}, {})] * len(paths)
    faults = []
    new = {}
    for i, (found, export_crcs, need_crcs, fault, digest) in zip(todo, outcomes, strict=True):
        if fault:
            stamps[i] = NO_STAMP
            faults.append((i, fault))
        else:
            stamps[i] = stamps[i][:-16] + digest
        if found is not None:
            new[i] = found
            places[i] = -1
        marks[i] = export_crcs, need_crcs
    before = cache.facts if cache else (NO_FACTS,) * 4
    facts = [column.taken(places, {i: found[part] for i, found in new.items()}) for part, column in enumerate(before)]
    return Reading((facts[0], facts[1], facts[2], facts[3]), marks, stamps, faults, len(todo), places)


def read_outputs(directory: str, out: str, outputs: bytes) -> dict[str, bytes] | None:
    """Return the files that ``lkm.index.cache.summary`` told of, or None when they are not all there and the same."""
    if not outputs or os.path.lexists(f"{out}/{RECORD}"):
        return None  # a killed run's work is to be ended first
    found = {}
    for line in outputs.splitlines():
        name = line.split()[0].decode()
        try:
            data = found[name] = read_bytes(f"{directory if name in INPUTS else out}/{name}")
        except LkmError:
            return None
        if summary({name: data}) != line + b"\n":
            return None
    return found


def _known(cache: Cache | None) -> tuple[dict[bytes, int], list[bytes]]:
    """Return path → place, and the stamps by place, of a cache."""
    if cache is None:
        return {}, []
    size = STAMP.size
    stamps = [cache.stamps[at : at + size] for at in range(0, len(cache.stamps), size)]
    return {name: place for place, name in enumerate(unpack(cache.paths))}, stamps
