"""The running Linux kernel: what :class:`lkm.kernel.interface.Kernel` asks for, done by system calls.

The module system calls answer with a number only; what the kernel says about it goes to its log. So each attempt
is made between two looks at the log, and its outcome carries what was said meanwhile.
"""

from __future__ import annotations

import errno
import os

from lkm.errors import FormatError, MachineError
from lkm.kernel.interface import (
    COMPRESSED_FILE,
    IGNORE_MODVERSIONS,
    IGNORE_VERMAGIC,
    NO_MODULES,
    NO_MODULES_HINT,
    Done,
    Outcome,
    Refused,
)
from lkm.state.modules import parse_modules
from lkm.state.nouns import KernelState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from lkm.state.devices import Device
    from lkm.state.nouns import LogRecord
    from lkm.state.snapshot import Snapshot
    from lkm.state.usage import Sample
    from lkm.state.users import Uses

# What /sys/module/compression says (kernel/module/decompress.c) → our names.
_COMPRESSIONS = {"gzip": "gz", "xz": "xz", "zstd": "zst"}
_HEAD = 6  # bytes that tell a compression


class LinuxKernel:
    """This machine's kernel. ``proc``, ``sys`` and ``kmsg`` are where it shows itself (other places: for tests).

    ``own``: this process is looked at too where users of modules are looked for.
    """

    def __init__(self, proc: str = "/proc", sys: str = "/sys", kmsg: str = "/dev/kmsg", *, own: bool = False) -> None:
        self._own = own
        self._proc = proc
        self._sys = sys
        self._kmsg = kmsg
        self._nodes: dict[tuple[str, str, str], str] = {}

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        """Load a module file by finit_module(2); where that is not had, by init_module(2) from memory.

        A compressed file goes to the kernel as it is when the kernel says that it unpacks this kind.
        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            return Refused("open", error.errno or errno.EIO)
        try:
            return self._load(fd, path, _bytes(parameters), flags)
        finally:
            os.close(fd)

    def _load(self, fd: int, path: str, parameters: bytes, flags: int) -> Outcome:
        try:
            kind = _compression(os.pread(fd, _HEAD, 0))
        except OSError as error:
            return Refused("read", error.errno or errno.EIO)
        from lkm.kernel import syscalls

        if not kind or kind == self.compression():
            file_flags = flags | COMPRESSED_FILE if kind else flags
            outcome = self._attempt("finit_module", lambda: syscalls.finit_module(fd, parameters, file_flags))
            if isinstance(outcome, Done) or outcome.errno != errno.ENOSYS:
                return outcome
        try:
            image = _whole(fd, kind, path)
            if flags & (IGNORE_MODVERSIONS | IGNORE_VERMAGIC):
                image = _forced(image, path, flags)
        except OSError as error:
            return Refused("read", error.errno or errno.EIO)
        except FormatError:
            return Refused("read", errno.ENOEXEC)
        return self._attempt("init_module", lambda: syscalls.init_module(image, parameters))

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        """Remove a module by its kernel name, at once or not at all."""
        from lkm.kernel import syscalls

        flags = os.O_NONBLOCK | (os.O_TRUNC if force else 0)
        return self._attempt("delete_module", lambda: syscalls.delete_module(_bytes(name), flags))

    def _attempt(self, call: str, make: Callable[[], int]) -> Outcome:
        from lkm.kernel.log import Log

        log = Log(self._kmsg, at_end=True)
        try:
            number = make()
            said = tuple([record for record in log.take() if record.facility == 0])
        finally:
            log.close()
        return Refused(call, number, said) if number else Done(call, said)

    def state(self) -> KernelState:
        """Return what is loaded, from one pass over /proc/modules.

        Raises MachineError when the kernel has no loadable modules at all.
        """
        return KernelState(parse_modules(self.modules_text())[0])

    def modules_text(self) -> str:
        """Return the text of /proc/modules; raises MachineError when it is not to be had."""
        path = f"{self._proc}/modules"
        try:
            return _read(path)
        except FileNotFoundError:
            if not os.path.exists(f"{self._proc}/version"):
                raise MachineError("/proc is not mounted", path, errno.ENOENT, "mount -t proc proc /proc") from None
            raise MachineError(NO_MODULES, path, errno.ENOENT, NO_MODULES_HINT) from None
        except OSError as error:
            raise MachineError(error.strerror or str(error), path, error.errno or 0) from None

    def log(self, since: int = 0) -> tuple[LogRecord, ...]:
        """Return the kernel log's records from sequence number ``since`` on; none where it may not be read."""
        from lkm.kernel.log import Log

        log = Log(self._kmsg)
        try:
            return tuple([record for record in log.take() if record.sequence >= since])
        finally:
            log.close()

    def cmdline(self) -> str:
        """Return the kernel's command line, or nothing where it cannot be read."""
        return self._optional(f"{self._proc}/cmdline")

    def release(self) -> str:
        """Return the kernel's release."""
        return release()

    def root(self) -> str:
        """Return the directory below which this kernel's modules are: /."""
        return ""

    def compression(self) -> str:
        """Return the kind of compressed module this kernel unpacks: ``gz``, ``xz``, ``zst`` or empty."""
        return _COMPRESSIONS.get(self._optional(f"{self._sys}/module/compression").strip(), "")

    def modules_disabled(self) -> bool:
        """Tell whether loading and unloading are switched off until the next boot."""
        return self._optional(f"{self._proc}/sys/kernel/modules_disabled").strip() == "1"

    def initstate(self, name: str) -> str:
        """Return ``live``, ``coming`` or ``going``, ``builtin`` for one that /sys shows without a state, or empty."""
        state = self._optional(f"{self._sys}/module/{name}/initstate").strip()
        return state or ("builtin" if os.path.isdir(f"{self._sys}/module/{name}") else "")

    def parameters(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the parameters of a loaded or built-in module that may be read, with their values, by name."""
        directory = f"{self._sys}/module/{name}/parameters"
        found = []
        for parameter in sorted(self._names(directory)):
            try:
                value = _read(f"{directory}/{parameter}")
            except OSError:
                continue  # mode 0200, or not for us
            found.append((parameter, value.removesuffix("\n")))
        return tuple(found)

    def holders(self, name: str) -> tuple[str, ...]:
        """Return the modules that use this one, in the order of /sys's directory."""
        return self._names(f"{self._sys}/module/{name}/holders")

    def uses(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> Uses:
        """Return who is found to use modules; see lkm.kernel.users."""
        from lkm.kernel.users import Users

        return Users(names, owners, self._proc, self._sys, own=self._own).search()

    def snapshot(self) -> Snapshot:
        """Return all that it shows of itself; see lkm.kernel.effects. Raises MachineError as :meth:`state` does."""
        from lkm.kernel.effects import Look

        return Look(self.state(), self.parameters, self._proc, self._sys, known=self._nodes).snapshot()

    def since(self, names: Sequence[str]) -> dict[str, str]:
        """Return for loaded modules, the newest first, a time at which each was there already (ISO 8601, local).

        The kernel does not note when it loads. The time of a directory of sysfs is when it was first looked at
        (fs/kernfs/inode.c: ``kernfs_init_inode``), which udev mostly does at once; and a module was there before all
        that are newer.
        """
        from lkm.kernel.since import since

        return since(names, self._sys)

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that are on a bus."""
        from lkm.kernel.devices import devices

        return devices(self._sys)

    def samples(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> tuple[Sample, ...]:
        """Return what shows that these modules are in use; see lkm.kernel.usage."""
        from lkm.kernel.usage import Usage

        modules = [module for module in self.state().modules if module.name in names]
        return Usage(owners, self._proc, self._sys).samples(modules)

    def instance(self, name: str) -> int:
        """Return the inode of a loaded module's directory in /sys, 0 when it is not loaded."""
        from lkm.kernel.usage import instance

        return instance(name, self._sys)

    def boot(self) -> str:
        """Return the kernel's random name of this boot."""
        return self._optional(f"{self._proc}/sys/kernel/random/boot_id").strip()

    def seconds(self) -> float:
        """Return the time since the boot, suspended times included."""
        import time

        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def _names(self, directory: str) -> tuple[str, ...]:
        try:
            return tuple(os.listdir(directory))
        except OSError:
            return ()

    def _optional(self, path: str) -> str:
        try:
            return _read(path)
        except OSError:
            return ""


def read_cmdline() -> str:
    """Return the running kernel's command line."""
    return LinuxKernel().cmdline()


def release() -> str:
    """Return the running kernel's release, which names its module directory."""
    return os.uname().release


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _read(path: str) -> str:
    """Return a file of /proc or /sys as text; such files do not tell their size."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(fd, 1 << 20):
            parts.append(part)
    finally:
        os.close(fd)
    return b"".join(parts).decode("utf-8", "surrogateescape")


def _compression(head: bytes) -> str:
    if head.startswith(b"\x7fELF"):
        return ""
    from lkm.formats.compression import kind_of

    return kind_of(head)


def _whole(fd: int, kind: str, path: str) -> bytes:
    """Return the module in the file, decompressed; raises OSError or FormatError."""
    size = os.fstat(fd).st_size
    image = b""
    while len(image) < size and (part := os.pread(fd, size - len(image), len(image))):
        image += part
    if not kind:
        return image
    from lkm.formats.compression import decompress

    return decompress(image, kind, path)


def _forced(image: bytes, path: str, flags: int) -> bytes:
    """Return the module changed so that init_module, which takes no flags, skips what they say; or FormatError."""
    from lkm.modfile.forced import without_versions

    skip_versions, skip_vermagic = bool(flags & IGNORE_MODVERSIONS), bool(flags & IGNORE_VERMAGIC)
    return without_versions(image, path, modversions=skip_versions, vermagic=skip_vermagic)
