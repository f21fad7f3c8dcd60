"""What a kernel is to the rest of the package: four methods, and outcomes that are values.

A refusal is a value because it is evidence: the journal of outcomes is what diagnosis works from.
"""

from __future__ import annotations

from lkm.record import Record
from lkm.state.nouns import KernelState, LogRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Protocol

    from lkm.state.devices import Device
    from lkm.state.snapshot import Snapshot
    from lkm.state.usage import Sample
    from lkm.state.users import Uses
else:
    Protocol = object

#: What is to be said where the kernel has no modules at all, and what to do about it.
NO_MODULES = "this kernel was built without loadable modules (CONFIG_MODULES)"
NO_MODULES_HINT = (
    "`lkm sim new FILE` makes a simulated kernel, for --kernel sim:FILE; "
    "`lkm lab run -- COMMAND` runs a command in a real, throwaway one"
)

# Flags of finit_module(2) (include/uapi/linux/module.h).
IGNORE_MODVERSIONS = 1
IGNORE_VERMAGIC = 2
COMPRESSED_FILE = 4


class Done(Record):
    """The kernel did it. ``call`` is the system call that did; ``log`` is what it wrote meanwhile."""

    call: str
    log: tuple[LogRecord, ...] = ()


class Refused(Record):
    """The kernel (or a file on the way to it) said no: ``errno`` is the number, ``log`` what the kernel wrote.

    ``call`` is ``finit_module``, ``init_module``, ``delete_module``, or ``open``/``read`` for the module file.
    """

    call: str
    errno: int
    log: tuple[LogRecord, ...] = ()


Outcome = Done | Refused


class Kernel(Protocol):
    """A kernel that modules go into."""

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        """Load a module file (plain or compressed). ``parameters`` is the text after its name, as insmod's."""

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        """Remove a module by its kernel name, at once or not at all (O_NONBLOCK)."""

    def state(self) -> KernelState:
        """Return one consistent snapshot of what is loaded."""

    def log(self, since: int = 0) -> tuple[LogRecord, ...]:
        """Return the kernel log's records with a sequence number of at least ``since``, oldest first."""


class ShownKernel(Kernel, Protocol):
    """A kernel that also shows itself, as /proc and /sys do; the tools work on these."""

    def cmdline(self) -> str:
        """Return the kernel's command line, or nothing where it cannot be read."""

    def release(self) -> str:
        """Return the kernel's release, which names its module directory."""

    def root(self) -> str:
        """Return the directory below which this kernel's modules are; empty for /."""

    def compression(self) -> str:
        """Return the kind of compressed module this kernel unpacks: ``gz``, ``xz``, ``zst`` or empty."""

    def modules_disabled(self) -> bool:
        """Tell whether loading and unloading are switched off until the next boot."""

    def initstate(self, name: str) -> str:
        """Return ``live``, ``coming``, ``going``, ``builtin`` or empty."""

    def parameters(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the readable parameters of a module with their values, by name."""

    def holders(self, name: str) -> tuple[str, ...]:
        """Return the modules that use this one."""

    def uses(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> Uses:
        """Return who is found to use modules; ``owners`` gives the modules that have an alias."""

    def snapshot(self) -> Snapshot:
        """Return all that it shows of itself: what is loaded, and what that has registered."""

    def since(self, names: Sequence[str]) -> dict[str, str]:
        """Return for loaded modules, the newest first, a time at which each was there, as text; may be empty."""

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that are on a bus."""

    def samples(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> tuple[Sample, ...]:
        """Return what shows that these modules are in use, of those that are loaded, newest first."""

    def instance(self, name: str) -> int:
        """Return what tells a loaded module from a later one of the same name; 0 where that is unknown."""

    def boot(self) -> str:
        """Return what tells this run of the kernel from others."""

    def seconds(self) -> float:
        """Return the time since the kernel was booted."""
