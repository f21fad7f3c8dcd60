"""The modaliases of the devices that the kernel has now, for loading what they need though nobody saw them come.

Most busses show them in a file ``modalias`` of each device, all in its ``uevent`` (drivers/base/core.c); udev goes by
the latter. Both are read: a device may have only one of them.
"""

from __future__ import annotations

import os

from lkm.kernel.texts import text
from lkm.state.uevent import modalias_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def modaliases(sys: str = "/sys") -> tuple[str, ...]:
    """Return each modalias once, sorted. A device that goes meanwhile, or cannot be read, is passed over."""
    found = set()
    for directory, names in _walk(f"{sys}/devices"):
        if "modalias" in names:
            found.add(text(f"{directory}/modalias").rstrip("\n"))
        if "uevent" in names:
            found.add(modalias_of(text(f"{directory}/uevent")))
    return tuple(sorted(found - {""}))


def _walk(top: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each directory with the names of its files; links, which lead across the tree, are not followed."""
    waiting = [top]
    while waiting:
        directory = waiting.pop()
        names = set()
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        names.add(entry.name)
        except OSError:
            continue
        yield directory, names
