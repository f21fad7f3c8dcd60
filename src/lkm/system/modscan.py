"""Reading thousands of module files for an index, with as many processes as there are processors (at most four).

Processes, not threads: the work is Python's own. A child gets its share by fork(2) and sends the rows, which are
plain lists of bytes, back by a pipe.
"""

from __future__ import annotations

import marshal
import os

from lkm.errors import FormatError, MachineError
from lkm.index.build import WANTED
from lkm.modfile.scan import scan
from lkm.system.files import open_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.build import Row

    #: A row and "", or an empty row and what was wrong with the file.
    Outcome = tuple[Row, str]

#: Fewer files than this are not worth another process.
_SHARE = 150
_MOST = 4


def scan_modules(paths: list[str], *, crcs: bool = False) -> list[Outcome]:
    """Return for every path what an index needs of the file, in the order given; ``crcs``: its CRCs as well."""
    workers = min(_MOST, os.cpu_count() or 1, max(1, len(paths) // _SHARE))
    # Strided, so that every share has its part of the big modules; the last share is our own.
    shares = [paths[i::workers] for i in range(workers)]
    children = [(share, *_start(share, crcs)) for share in shares[1:]]
    results = [[_scan_one(path, crcs) for path in shares[0]]]
    for share, child, pipe in children:
        results.append(_finish(child, pipe) or [_scan_one(path, crcs) for path in share])
    outcomes: list[Outcome] = [_NOTHING] * len(paths)
    for i, result in enumerate(results):
        outcomes[i::workers] = result
    return outcomes


_NOTHING: Outcome = (([], [], [], frozenset(), {}, {}), "")


def _scan_one(path: str, crcs: bool) -> Outcome:
    try:
        with open_source(path) as source:
            facts = scan(source, crcs=crcs)
    except MachineError as e:
        return _NOTHING[0], e.what
    except FormatError as e:
        return _NOTHING[0], str(e.at(""))
    records = [record for record in facts.modinfo if record.startswith(WANTED)]
    needs, weak = facts.needs, facts.weak
    if b"\0." in b"\0".join([b"", *needs]):
        # 64-bit PowerPC calls functions by ".NAME" (kmod: depmod.c, ``depmod_symbol_find``).
        needs = [name.removeprefix(b".") for name in needs]
        weak = frozenset([name.removeprefix(b".") for name in weak])
    return (records, facts.exports, needs, weak, facts.export_crcs, facts.need_crcs), ""


def _start(paths: list[str], crcs: bool) -> tuple[int, int]:
    """Start a child for a share; return its process id and the pipe it will write to (0 and -1: none was had)."""
    try:
        read_end, write_end = os.pipe()
    except OSError:
        return 0, -1
    try:
        child = os.fork()
    except OSError:
        os.close(read_end)
        os.close(write_end)
        return 0, -1
    if child:
        os.close(write_end)
        return child, read_end
    try:
        os.close(read_end)
        data = memoryview(marshal.dumps([_scan_one(path, crcs) for path in paths]))
        while data:
            data = data[os.write(write_end, data) :]
        os._exit(0)
    finally:
        os._exit(1)


def _finish(child: int, pipe: int) -> list[Outcome] | None:
    """Return what a child found, or None when it did not come to its end."""
    if not child:
        return None
    with open(pipe, "rb", buffering=0) as file:
        data = file.readall()
    _, status = os.waitpid(child, 0)
    found: list[Outcome] = marshal.loads(data) if status == 0 else []
    return found or None
