"""The cache of depmod on disk, ``modules.lkm-cache``: whether it may be trusted, and which files it still holds for.

A file is taken for unchanged when its size, mtime, inode and ctime are (or with ``--hash`` its contents). Times are
only as fine as the kernel's clock, so a file that changed within ``RACY_NS`` before the run may change again, after
it was read, and look the same: its stamp is not kept, and the next run reads it again (as in git's index).
"""

from __future__ import annotations

import os
import stat

from lkm.errors import LkmError
from lkm.index.cache import STAMP, Cache, dump, load, pack, summary, unpack
from lkm.record import Record
from lkm.system.files import read_bytes
from lkm.system.fileset import RECORD, write_set
from lkm.system.modscan import NO_HASH, NOTHING, scan_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.cache import Packed

NAME = "modules.lkm-cache"

#: The kernel's clock of files has 1 to 10 ms.
RACY_NS = 100_000_000

#: What the indexes hold besides the modules' facts.
INPUTS = ("modules.builtin", "modules.builtin.modinfo")

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
    """Replace the cache. That this fails hurts nobody, so it does so in silence."""
    try:  # noqa: SIM105  (contextlib costs more than this)
        write_set(directory, {NAME: dump(cache)})
    except LkmError:
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


class Reading(Record):
    """What was read, by file: facts, CRCs of exports and needs, stamps; ``faults`` are (place, text).

    ``read`` is how many files were, ``same`` whether the cache has just these files and none of them changed.
    """

    facts: list[Packed]
    crcs: list[tuple[dict[bytes, int], dict[bytes, int]]]
    stamps: list[bytes]
    faults: list[tuple[int, str]]
    read: int
    same: bool


def read_files(
    paths: list[str],
    names: list[bytes],
    cache: Cache | None,
    before_ns: int,
    *,
    crcs: bool = False,
    hashed: bool = False,
    tick: Callable[[int, int], object] = lambda _done, _all: None,
) -> Reading:
    """Return the facts of module files, from the cache for those that did not change; ``names`` are theirs in it.

    ``crcs``: with CRCs, which no cache has. ``hashed``: files are compared by contents. ``before_ns``: when the run
    began, less RACY_NS. ``tick`` is called with how many files are read, of how many, now and then.
    """
    known = _known(cache)
    stamps = stamps_of(paths, before_ns)
    facts: list[Packed] = [NOTHING] * len(paths)
    todo = []
    for i, name in enumerate(names):
        old = known.get(name)
        if old is None or hashed or stamps[i] == NO_STAMP or old[0][:-16] != stamps[i][:-16]:
            todo.append(i)
        else:
            stamps[i], facts[i] = old
    hashes = [known[names[i]][0][-16:] if names[i] in known else NO_HASH for i in todo] if hashed else None
    outcomes = scan_modules(
        [paths[i] for i in todo], crcs=crcs, hashes=hashes, tick=lambda done: tick(done, len(todo))
    )
    marks: list[tuple[dict[bytes, int], dict[bytes, int]]] = [({}, {})] * len(paths)
    faults = []
    new = 0
    for i, (found, export_crcs, need_crcs, fault, digest) in zip(todo, outcomes, strict=True):
        if fault:
            stamps[i] = NO_STAMP
            faults.append((i, fault))
        else:
            stamps[i] = stamps[i][:-16] + digest
        new += found is not None
        facts[i] = known[names[i]][1] if found is None else found
        marks[i] = export_crcs, need_crcs
    same = not new and cache is not None and cache.paths == pack(names)
    return Reading(facts, marks, stamps, faults, len(todo), same)


def is_written(directory: str, out: str, outputs: bytes) -> bool:
    """Tell whether the files that ``lkm.index.cache.summary`` told of are there and still the same."""
    if os.path.lexists(f"{out}/{RECORD}"):
        return False  # a killed run's work is to be ended first
    for line in outputs.splitlines():
        name = line.split()[0].decode()
        try:
            data = read_bytes(f"{directory if name in INPUTS else out}/{name}")
        except LkmError:
            return False
        if summary({name: data}) != line + b"\n":
            return False
    return bool(outputs)


def _known(cache: Cache | None) -> dict[bytes, tuple[bytes, Packed]]:
    """Return path → (stamp, facts) of a cache."""
    if cache is None:
        return {}
    size = STAMP.size
    stamps = [cache.stamps[at : at + size] for at in range(0, len(cache.stamps), size)]
    return dict(zip(unpack(cache.paths), zip(stamps, cache.facts, strict=True), strict=True))
