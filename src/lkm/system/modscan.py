"""Reading thousands of module files for an index, with as many processes as there are processors (at most four).

Processes, not threads: most of the work is Python's own. Decompression is not, but needs no more than the same share.
"""

from __future__ import annotations

import os

from lkm.errors import FormatError, MachineError
from lkm.formats.compression import decompress, kind_of
from lkm.formats.source import BytesSource
from lkm.index.build import WANTED
from lkm.index.cache import NO_HASH, pack
from lkm.modfile.scan import scan_parts
from lkm.system.beside import beside
from lkm.system.files import open_source, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.cache import Packed
    from lkm.modfile.scan import Parts

    #: Facts; CRCs of exports and needs (when asked for); what was wrong with the file, or ""; hash of its contents.
    #: The facts are None for a file whose hash is the one that was expected.
    Outcome = tuple[Packed | None, dict[bytes, int], dict[bytes, int], str, bytes]

#: Fewer files than this are not worth another process.
_SHARE = 150
_MOST = 4
#: So many files are taken at a time, or more when that would be more chunks than their numbers fit into a page,
#: which is all that a pipe may hold.
_CHUNK, _CHUNKS = 16, 2000

NOTHING: Packed = (b"", b"", b"", b"")


def scan_modules(
    paths: list[str],
    *,
    crcs: bool = False,
    hashes: list[bytes] | None = None,
    tick: Callable[[int], object] = lambda _: None,
) -> list[Outcome]:
    """Return for every path what an index needs of the file, in the order given; ``crcs``: its CRCs as well.

    ``hashes``: what the hash of each file's contents is thought to be; then all files are read whole and hashed.
    ``tick`` is called with the number of files that are read, now and then.
    """
    jobs: list[tuple[str, bytes | None]]
    jobs = [(path, None) for path in paths] if hashes is None else list(zip(paths, hashes, strict=True))
    size = max(_CHUNK, len(jobs) // _CHUNKS + 1)
    chunks = [jobs[at : at + size] for at in range(0, len(jobs), size)]
    workers = min(_MOST, os.cpu_count() or 1, max(1, len(jobs) // _SHARE))
    take = _counter(len(chunks)) if workers > 1 else iter(range(len(chunks))).__next__

    def scanned(number: int) -> list[Outcome]:
        return [_scan_one(path, crcs, known) for path, known in chunks[number]]

    def work(tick: Callable[[int], object]) -> dict[int, list[Outcome]]:
        done = {}
        try:
            while True:
                number = take()
                tick(number * size)  # so many were taken before, by whomever
                done[number] = scanned(number)
        except StopIteration:
            return done

    others = [beside(lambda: work(lambda _: None)) for _ in range(workers - 1)]
    found = work(tick)
    for finish in others:
        found.update(finish())
    # The last ones are those taken by a child that died.
    return [outcome for number in range(len(chunks)) for outcome in found.get(number) or scanned(number)]


def _counter(count: int) -> Callable[[], int]:
    """Return what gives each of the numbers below ``count`` to only one of the processes forked from now on.

    They come out of a pipe that all read, so nobody has to know before how long a file takes, and all end together.
    It raises StopIteration at the end, or for all numbers but the first process's own when there can be no pipe.
    """
    try:
        read_end, write_end = os.pipe()
    except OSError:
        owner, own = os.getpid(), iter(range(count))
        return lambda: next(own if os.getpid() == owner else iter(()))
    os.write(write_end, b"".join([number.to_bytes(2, "little") for number in range(count)]))
    os.close(write_end)
    open_ends = [read_end]

    def take() -> int:
        two = os.read(open_ends[0], 2) if open_ends else b""
        if two:
            return int.from_bytes(two, "little")
        if open_ends:
            os.close(open_ends.pop())
        raise StopIteration

    return take


def _scan_one(path: str, crcs: bool, known: bytes | None) -> Outcome:
    digest = NO_HASH
    try:
        if known is None:
            with open_source(path) as source:
                facts = scan_parts(source, crcs=crcs)
        else:
            from hashlib import blake2b

            data = read_bytes(path)
            digest = blake2b(data, digest_size=16).digest()
            if digest == known:
                return None, {}, {}, "", digest
            facts = scan_parts(BytesSource(decompress(data, kind_of(data), path), path), crcs=crcs)
    except MachineError as e:
        return NOTHING, {}, {}, e.what, NO_HASH
    except FormatError as e:
        return NOTHING, {}, {}, str(e.at("")), NO_HASH
    return packed(facts), facts[4], facts[5], "", digest


def packed(facts: Parts) -> Packed:
    """Return a module's facts as :mod:`lkm.index.cache` keeps them."""
    modinfo, exports, names, weak, _, _ = facts
    needs = pack(names)
    if needs.startswith(b".") or b"\0." in needs:
        # 64-bit PowerPC calls functions by ".NAME" (kmod: depmod.c, ``depmod_symbol_find``).
        needs = pack([name.removeprefix(b".") for name in names])
        weak = frozenset([name.removeprefix(b".") for name in weak])
    return _wanted(modinfo), pack(exports), needs, pack(sorted(weak)) if weak else b""


def _wanted(modinfo: bytes) -> bytes:
    """Return the records of WANTED. Most modules have aliases only, or none, and some have hundreds."""
    if b"softdep=" in modinfo or b"weakdep=" in modinfo:
        return pack([record for record in modinfo.split(b"\0") if record.startswith(WANTED)])
    _, *parts = (b"\0" + modinfo).split(b"\0alias=")
    return b"".join([b"alias=%b\0" % part.partition(b"\0")[0] for part in parts])
