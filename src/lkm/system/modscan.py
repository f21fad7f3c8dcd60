"""Reading thousands of module files for an index, with as many processes as there are processors (at most four).

Processes, not threads: most of the work is Python's own. Decompression is not, but needs no more than the same share.
"""

from __future__ import annotations

import os

from lkm.errors import FormatError, MachineError
from lkm.formats.compression import decompress, kind_of
from lkm.formats.source import BytesSource
from lkm.index.build import WANTED
from lkm.index.cache import pack
from lkm.modfile.scan import scan
from lkm.system.beside import beside
from lkm.system.files import open_source, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.cache import Packed
    from lkm.modfile.scan import IndexFacts

    #: Facts; CRCs of exports and needs (when asked for); what was wrong with the file, or ""; hash of its contents.
    #: The facts are None for a file whose hash is the one that was expected.
    Outcome = tuple[Packed | None, dict[bytes, int], dict[bytes, int], str, bytes]

#: Fewer files than this are not worth another process.
_SHARE = 150
_MOST = 4

NOTHING: Packed = (b"", b"", b"", b"")
NO_HASH = bytes(16)


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
    workers = min(_MOST, os.cpu_count() or 1, max(1, len(paths) // _SHARE))
    # Strided, so that every share has its part of the big modules; the last share is our own.
    jobs: list[tuple[str, bytes | None]]
    jobs = [(path, None) for path in paths] if hashes is None else list(zip(paths, hashes, strict=True))
    shares = [jobs[i::workers] for i in range(workers)]

    def job(share: list[tuple[str, bytes | None]]) -> Callable[[], list[Outcome]]:
        return lambda: [_scan_one(path, crcs, known) for path, known in share]

    others = [beside(job(share)) for share in shares[1:]]
    own = []
    for at, (path, known) in enumerate(shares[0], 1):
        own.append(_scan_one(path, crcs, known))
        if not at % 16:
            tick(at * workers)
    outcomes: list[Outcome] = [(NOTHING, {}, {}, "", NO_HASH)] * len(paths)
    outcomes[::workers] = own
    for i, finish in enumerate(others, 1):
        outcomes[i::workers] = finish()
    return outcomes


def _scan_one(path: str, crcs: bool, known: bytes | None) -> Outcome:
    digest = NO_HASH
    try:
        if known is None:
            with open_source(path) as source:
                facts = scan(source, crcs=crcs)
        else:
            from hashlib import blake2b

            data = read_bytes(path)
            digest = blake2b(data, digest_size=16).digest()
            if digest == known:
                return None, {}, {}, "", digest
            facts = scan(BytesSource(decompress(data, kind_of(data), path), path), crcs=crcs)
    except MachineError as e:
        return NOTHING, {}, {}, e.what, NO_HASH
    except FormatError as e:
        return NOTHING, {}, {}, str(e.at("")), NO_HASH
    return packed(facts), facts.export_crcs, facts.need_crcs, "", digest


def packed(facts: IndexFacts) -> Packed:
    """Return a module's facts as :mod:`lkm.index.cache` keeps them."""
    records = [record for record in facts.modinfo if record.startswith(WANTED)]
    needs = pack(facts.needs)
    weak = facts.weak
    if needs.startswith(b".") or b"\0." in needs:
        # 64-bit PowerPC calls functions by ".NAME" (kmod: depmod.c, ``depmod_symbol_find``).
        needs = pack([name.removeprefix(b".") for name in facts.needs])
        weak = frozenset([name.removeprefix(b".") for name in weak])
    return pack(records), pack(facts.exports), needs, pack(sorted(weak)) if weak else b""
