"""What a kernel holds now: loaded modules, symbols and log records, as values."""

from __future__ import annotations

from lkm.names import ModuleName
from lkm.record import Record


class LoadedModule(Record):
    """One module in the kernel, as /proc/modules tells it (kernel/module/procfs.c: ``m_show``).

    ``size`` is bytes of core and init sections; ``refcount`` is -1 where the kernel does not count (no
    CONFIG_MODULE_UNLOAD) or the module is going; ``holders`` are modules that use this one, newest first, as
    the kernel lists them; ``state`` is ``Live``, ``Loading`` or ``Unloading``; ``address`` is 0 when the kernel
    hides it; ``taint`` is the flag letters (``OE``) or empty; ``permanent`` modules cannot be unloaded.
    """

    name: ModuleName
    size: int
    refcount: int
    holders: tuple[ModuleName, ...] = ()
    state: str = "Live"
    address: int = 0
    taint: str = ""
    permanent: bool = False


class LogRecord(Record):
    """One record of the kernel log (/dev/kmsg): ``level`` 0..7, ``usec`` since boot, ``sequence`` number.

    ``facility`` is 0 for what the kernel itself says; programs that write to /dev/kmsg have another.
    """

    level: int
    sequence: int
    usec: int
    text: str
    facility: int = 0


class Symbol(Record):
    """One line of /proc/kallsyms: ``kind`` is nm(1)'s letter; ``module`` is empty for the kernel's own symbols."""

    address: int
    kind: str
    name: str
    module: ModuleName = ModuleName("")


class KernelState(Record):
    """One snapshot: ``modules`` in the kernel's order (newest first)."""

    modules: tuple[LoadedModule, ...] = ()

    def find(self, name: str) -> LoadedModule | None:
        """Return the module of that (folded) name, or None."""
        for module in self.modules:
            if module.name == name:
                return module
        return None
