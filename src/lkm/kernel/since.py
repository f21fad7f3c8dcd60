"""Since when a module has been there at least, by the times of /sys/module: see :meth:`LinuxKernel.since`."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def since(names: Sequence[str], sys: str = "/sys") -> dict[str, str]:
    """Return a time for each of some modules, which come with the newest first.

    No module is given a later time than a newer one. One that has no directory, as it is just going, has none.
    """
    found = {}
    earliest = float("inf")
    for name in names:
        try:
            earliest = min(earliest, os.stat(f"{sys}/module/{name}").st_ctime)
        except OSError:
            continue
        found[name] = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(earliest))
    return found
