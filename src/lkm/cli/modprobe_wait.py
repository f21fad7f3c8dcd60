"""Removing a module, with patience."""

from __future__ import annotations

import errno

from lkm.kernel.interface import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.interface import Kernel, Outcome

#: A use count that is not 0 is EAGAIN (kernel/module/main.c: ``try_stop_module``), a module with users EWOULDBLOCK.
_BUSY = (errno.EAGAIN, errno.EWOULDBLOCK)


def unload(kernel: Kernel, name: str, *, force: bool, wait: int) -> Outcome:
    """Remove a module. While it is in use try again, after pauses that double, for ``wait`` milliseconds in all."""
    outcome = kernel.unload(name, force=force)
    pause = 1
    while wait > 0 and isinstance(outcome, Refused) and outcome.errno in _BUSY:
        import time

        pause = min(pause, wait)
        time.sleep(pause / 1000)
        wait -= pause
        pause *= 2
        outcome = kernel.unload(name, force=force)
    return outcome
