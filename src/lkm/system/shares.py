"""The same work on thousands of operands, with as many processes as there are processors (at most four).

What comes out, and in which order, is what one process would write: each child keeps its standard output to itself,
in a memory file, and the parent passes it on when its turn comes. A child that meets anything else than success stops
there and leaves that operand and the rest of its share to the parent, so that messages come in their order too.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 4


def in_shares(operands: list[str], work: Callable[[str], int], least: int) -> int:
    """Do the work on every operand, in shares of at least ``least``; return the highest status.

    ``work`` writes to ``sys.stdout.buffer`` and returns 0 when all went well; it must not write to it otherwise
    than for its operand. The first operand is done before any process is made, so that what it imports is shared.
    """
    status = work(operands[0])
    rest = operands[1:]
    workers = max(1, min(_MOST, os.cpu_count() or 1, len(rest) // least))
    bounds = [len(rest) * i // workers for i in range(workers + 1)]
    shares = [rest[bounds[i] : bounds[i + 1]] for i in range(workers)]
    sys.stdout.flush()
    sys.stderr.flush()
    children = [_start(share, work) for share in shares[1:]]
    status = max([status, *[work(operand) for operand in shares[0]]])
    for share, (child, output) in zip(shares[1:], children, strict=True):
        left = share[_finish(child, output) :] if child else share
        status = max([status, *[work(operand) for operand in left]])
    return status


def _start(share: list[str], work: Callable[[str], int]) -> tuple[int, int]:
    """Start a child for a share; return its process id and its output (0 and -1: none was had)."""
    try:
        output = os.memfd_create("lkm-share")
    except OSError:
        return 0, -1
    try:
        child = os.fork()
    except OSError:
        os.close(output)
        return 0, -1
    if child:
        return child, output
    try:
        _child(share, work, output)
        os._exit(0)
    finally:
        os._exit(1)


def _child(share: list[str], work: Callable[[str], int], output: int) -> None:
    """Work on the share; write what belongs to the operands that went well, and at the end their number."""
    import io

    done = 0
    sys.stderr = io.StringIO()
    with open(output, "wb", buffering=1 << 18) as file:
        sys.stdout = io.TextIOWrapper(file)
        for operand in share:
            good = file.tell()
            if work(operand) or sys.stderr.tell():
                file.seek(good)
                file.truncate()
                break
            done += 1
        file.write(done.to_bytes(4, "little"))
        file.flush()


def _finish(child: int, output: int) -> int:
    """Pass on what a child has written; return how many operands that was for."""
    _, status = os.waitpid(child, 0)
    with open(output, "rb") as file:
        if status:
            return 0
        file.seek(0)
        data = memoryview(file.read())
    sys.stdout.buffer.write(data[:-4])
    return int.from_bytes(data[-4:], "little")
