"""Which kernel a tool works on: this machine's, or the simulated one that LKM_KERNEL names."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.interface import ShownKernel
    from lkm.kernel.sim.kernel24 import Kernel24

VARIABLE = "LKM_KERNEL"

#: The simulated kernel that has itself started this process, if one has; its environment does not tell.
started_by = ""


def open_kernel(live: Callable[[], ShownKernel], spec: str | None = None) -> ShownKernel:
    """Return the kernel of ``spec`` (None: of LKM_KERNEL): ``live`` or empty: the live one, ``sim:FILE``: a world.

    Raises MachineError for anything else, and for a file that is no world.
    """
    spec = started_by or os.environ.get(VARIABLE, "") if spec is None else spec
    if spec in ("", "live"):
        return live()
    from lkm.errors import MachineError

    kind, _, path = spec.partition(":")
    if kind != "sim" or not path:
        raise MachineError(f"unknown kernel {spec!r}", VARIABLE, 22, "it is live, or sim:FILE")
    from lkm.kernel.sim.kernel import SimulatedKernel

    kernel = SimulatedKernel(path)
    if kernel.world.meta("dialect") != "2.4":
        return kernel
    from lkm.kernel.sim.kernel24 import Kernel24

    return Kernel24(path)


def kernel24() -> Kernel24 | None:
    """Return the kernel of LKM_KERNEL where it is a world that speaks 2.4; None, at next to no cost, for others."""
    if not (started_by or os.environ.get(VARIABLE, "")).startswith("sim:"):
        return None
    kernel = open_kernel(_never)
    from lkm.kernel.sim.kernel24 import Kernel24

    return kernel if isinstance(kernel, Kernel24) else None


def _never() -> ShownKernel:
    raise AssertionError("a live kernel was asked for")
