"""Firmware files of a root: where the kernel looks for them (drivers/base/firmware_loader/main.c: ``fw_path``)."""

from __future__ import annotations

import glob
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKED = ("", ".xz", ".zst")


def missing(root: str, release: str, names: Iterable[str], more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return those of the names that no directory has; none at all where the root has no firmware directory.

    ``more`` are directories that are looked at first: ``firmware_class.path`` of a running kernel.
    """
    base = f"{root.rstrip('/')}/lib/firmware"
    if not os.path.isdir(base):
        return ()
    places = (*more, f"{base}/updates/{release}", f"{base}/updates", f"{base}/{release}", base)
    return tuple([name for name in names if not any(_there(f"{place}/{name}") for place in places)])


def _there(path: str) -> bool:
    """Tell whether a file is there, packed or not; a name may be a pattern."""
    if "*" in path or "?" in path or "[" in path:
        return any(glob.glob(path + end) for end in _PACKED)
    return any(os.path.exists(path + end) for end in _PACKED)
