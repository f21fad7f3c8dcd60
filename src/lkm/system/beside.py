"""Work done beside our own, by a child from fork(2): Python's own work does not run in parallel in threads.

Only reading and sums do, which :func:`meanwhile` is for.

What the child made comes back in a memory file, as plain values that ``marshal`` can carry.
"""

from __future__ import annotations

import marshal
import os
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Start ``work`` in a child; the function returned waits for it and returns its result.

    When no child can be had, or it does not come to its end, the work is done by that function itself.
    """
    if (os.cpu_count() or 1) < 2:
        return work
    try:
        # not a pipe: what is in one waits there until it is asked for, 64 KiB at a time
        output = os.memfd_create("lkm-beside")
    except OSError:
        return work
    try:
        child = os.fork()
    except OSError:
        os.close(output)
        return work
    if not child:
        try:
            # version 2: later ones look for objects that come twice, which costs more than it saves here
            data = memoryview(marshal.dumps(work(), 2))  # type: ignore[arg-type]
            while data:
                data = data[os.write(output, data) :]
            os._exit(0)
        finally:
            os._exit(1)

    def finish() -> T:
        _, status = os.waitpid(child, 0)
        with open(output, "rb", buffering=0) as file:
            if status:
                return work()
            file.seek(0)
            result: T = marshal.loads(file.readall())
        return result

    return finish


def meanwhile(work: Callable[[], T]) -> Callable[[], T]:
    """Start ``work`` in a thread; the function returned waits for it and returns its result, or raises its exception.

    No process may be forked before that function has returned.
    """
    results: list[T] = []
    faults: list[BaseException] = []
    done = allocate_lock()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as e:
            faults.append(e)
        finally:
            done.release()

    done.acquire()
    try:
        start_new_thread(run, ())
    except RuntimeError:  # no more threads
        run()

    def finish() -> T:
        with done:
            if faults:
                raise faults[0]
            return results[0]

    return finish
