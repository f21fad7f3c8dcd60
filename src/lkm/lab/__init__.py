"""Throwaway real kernels (User-Mode Linux, QEMU) that run as an ordinary process: ``lkm.lab.run(["lsmod"])``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.lab.packages import fetch
    from lkm.lab.runner import LabResult, run

__all__ = ["LabResult", "fetch", "run"]


def __getattr__(name: str) -> object:
    """Import what is asked for only now."""
    if name == "fetch":
        from lkm.lab.packages import fetch

        return fetch
    if name in __all__:
        from lkm.lab import runner

        return getattr(runner, name)
    raise AttributeError(name)
