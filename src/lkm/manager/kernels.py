"""Opening kernels by name, and what is to be known of one whichever it is."""

from __future__ import annotations

import os

from lkm.errors import MachineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.interface import ShownKernel

LIVE = ("", "live")
#: As lkm.cli.kernels has it, which the classic tools import without this.
VARIABLE = "LKM_KERNEL"
VALUES = "it is live (this machine's), or sim:FILE (a simulated one; lkm sim new FILE makes it)"


def kernel_of(spec: str, where: str = "") -> ShownKernel:
    """Return the kernel that ``spec`` means: ``live`` or empty this machine's, ``sim:FILE`` a simulated one.

    Raises MachineError for anything else (``where`` tells who said it), and for a file that is no world.
    """
    if spec in LIVE:
        from lkm.kernel.linux import LinuxKernel

        return LinuxKernel(own=True)  # a program goes on, and what it has open stays so
    kind, _, path = spec.partition(":")
    if kind != "sim" or not path:
        raise MachineError(f"unknown kernel '{spec}'", where, 22, VALUES)
    from lkm.kernel.sim.kernel import SimulatedKernel

    kernel = SimulatedKernel(path)
    if kernel.world.meta("dialect") != "2.4":
        return kernel
    from lkm.kernel.sim.kernel24 import Kernel24

    return Kernel24(path)


def for_commands(kernel: ShownKernel) -> dict[str, str]:
    """Return what commands must be told to work on this kernel, where the environment does not tell them."""
    world = getattr(kernel, "world", None)
    if world is None:
        return {} if os.environ.get(VARIABLE, "") in LIVE else {VARIABLE: "live"}
    return {VARIABLE: f"sim:{os.path.abspath(world.path)}"}


def is_live(kernel: ShownKernel) -> bool:
    """Tell whether it is this machine's."""
    return getattr(kernel, "world", None) is None


def may_change(kernel: ShownKernel) -> bool:
    """Tell whether the caller may load and unload: who runs this is root; in a world, it has CAP_SYS_MODULE."""
    world = getattr(kernel, "world", None)
    return os.geteuid() == 0 if world is None else world.meta("cap_sys_module", "1") == "1"
