"""A kernel that is a file: what :class:`lkm.kernel.interface.Kernel` asks for, done to a world."""

from __future__ import annotations

import errno
import os
import stat
from fcntl import F_GETFL, fcntl

from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of
from lkm.kernel.interface import COMPRESSED_FILE, IGNORE_MODVERSIONS, IGNORE_VERMAGIC, Done, Outcome, Refused
from lkm.kernel.sim import admission, parameters
from lkm.kernel.sim.layout import sizes
from lkm.kernel.sim.objectfile import is_permanent
from lkm.kernel.sim.world import World
from lkm.modfile import predict
from lkm.modfile.forced import without_versions
from lkm.names import ModuleName
from lkm.state.nouns import KernelState, LoadedModule, LogRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from lkm.state.devices import Device
    from lkm.state.snapshot import Snapshot
    from lkm.state.usage import Sample
    from lkm.state.users import Uses


class SimulatedKernel:
    """The kernel of a world's file; raises MachineError when that is none."""

    def __init__(self, path: str) -> None:
        self.world = World(path)

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        """Load a module file, as a whole or not at all; a compressed one is unpacked first, as kmod does it."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            return Refused("open", error.errno or errno.EIO)
        try:
            kind = "" if flags & COMPRESSED_FILE else kind_of(os.pread(fd, 6, 0))
            if not kind:
                return self.finit(fd, parameters, flags, path)
            image = decompress(_whole(fd), kind, path)
            if flags:
                skip_versions, skip_vermagic = bool(flags & IGNORE_MODVERSIONS), bool(flags & IGNORE_VERMAGIC)
                image = without_versions(image, path, modversions=skip_versions, vermagic=skip_vermagic)
        except OSError as error:
            return Refused("read", error.errno or errno.EIO)
        except FormatError:
            return Refused("read", errno.ENOEXEC)
        finally:
            os.close(fd)
        return self.init(image, parameters, path)

    def finit(self, fd: int, parameters: str = "", flags: int = 0, path: str = "") -> Outcome:
        """Answer finit_module(2) for a file descriptor of this process; ``path`` is for the record only."""
        number = _unreadable(fd)
        image = b"" if number else _whole(fd)
        return self._admit("finit_module", admission.Attempt(self.world, image, parameters, flags, path, number))

    def init(self, image: bytes | None, parameters: str = "", path: str = "") -> Outcome:
        """Answer init_module(2), with a module in memory; None: at an address where nothing is."""
        number = errno.EFAULT if image is None else 0
        attempt = admission.Attempt(self.world, image or b"", parameters, 0, path, number, file=False)
        return self._admit("init_module", attempt)

    def _admit(self, call: str, attempt: admission.Attempt) -> Outcome:
        with self.world.change():
            start = self._next_line()
            return self._outcome(call, admission.judge(attempt) or self._enter(attempt), start)

    def _enter(self, attempt: admission.Attempt) -> int:
        """Run the module's init, which is scripted (faults ``init``: an errno; ``hang``), and keep the module."""
        db, facts = self.world.db, attempt.facts
        faults = dict(db.execute("SELECT kind, argument FROM faults WHERE module = ?", (facts.name,)))
        if "init" in faults:
            return abs(int(faults["init"]))
        state, flags = ("Loading", 64) if {"hang", "oops"} & set(faults) else ("Live", 1)
        core, init = sizes(attempt.file, self.world.features(), versions=attempt.versions)
        db.execute(
            "INSERT INTO modules(name, size, usecount, flags, state, taint, permanent, license, parameters, path,"
            " loaded) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(facts.name, core + init if state == "Loading" else core, int(state == "Loading"), flags, state),
                *("".join(sorted(attempt.taint, key=admission.TAINTS.index)), int(is_permanent(attempt.file))),
                *(attempt.license, attempt.text, attempt.path, int(self.world.meta("clock"))),
            ),
        )
        rows = [(e.name, e.crc, int(e.gpl_only), e.namespace, facts.name) for e in facts.exports]
        db.executemany("INSERT INTO exports VALUES(?,?,?,?,?)", rows)
        for used in attempt.used:
            db.execute("INSERT INTO refs(holder, used) VALUES(?, ?)", (facts.name, used))
            db.execute("UPDATE modules SET usecount = usecount + 1 WHERE name = ?", (used,))
        known = {parameter.name for parameter in facts.parameters}
        for key, value in parameters.split(attempt.text)[0]:
            if (name := key.replace("-", "_")) in known:
                db.execute("INSERT OR REPLACE INTO parameters VALUES(?,?,?)", (facts.name, name, value or "Y"))
        params = attempt.params()
        rows2 = [(facts.name, p.name, p.type, p.mode, p.flags, p.limit, int(p.bare)) for p in params]
        db.executemany("INSERT OR IGNORE INTO sysfs VALUES(?,?,?,?,?,?,?)", rows2)
        files = [("parameter", p.name, p.mode, facts.name) for p in params if p.mode]
        expected = [*[(p.kind, p.name, p.number, facts.name) for p in predict.of(facts)], *sorted(files)]
        db.executemany("INSERT INTO resources VALUES(?,?,?,?,1)", expected)
        return self._oops(facts.name) if "oops" in faults else 0

    def _oops(self, name: str) -> int:
        """Let an init die: the process that loads is killed, and the module stays half loaded for good."""
        self.world.say(1, "BUG: kernel NULL pointer dereference, address: 0000000000000000")
        self.world.say(4, f"RIP: 0010:init_module+0x0/0x10 [{name}]")
        self.world.first("taint D")
        return errno.EINTR

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        """Remove a module by its kernel name (kernel/module/main.c: ``delete_module`` with O_NONBLOCK)."""
        with self.world.change():
            start = self._next_line()
            number = self._refusal(name, force)
            if not number:
                self._forget(name)
            return self._outcome("delete_module", number, start)

    def _refusal(self, name: str, force: bool) -> int:
        db = self.world.db
        if self.world.meta("modules_disabled") == "1" or self.world.meta("cap_sys_module", "1") != "1":
            return errno.EPERM
        query = "SELECT usecount, state, permanent FROM modules WHERE name = ?"
        row = db.execute(query, (name,)).fetchone()
        if row is None:
            return errno.ENOENT
        if db.execute("SELECT 1 FROM refs WHERE used = ?", (name,)).fetchone():
            return errno.EAGAIN
        usecount, state, permanent = row
        forced = force and self.world.meta("force_unload") == "1"
        if state != "Live" or (permanent and not forced):
            return errno.EBUSY
        if usecount and not forced:
            return errno.EAGAIN
        if forced and (permanent or usecount):  # ``try_force_unload``
            self.world.first("taint R")
            admission.stop_lock_debugging(self.world)
        return 0

    def write(self, path: str, text: str) -> Outcome:
        """Write to a file of /proc or /sys that decides on modules, see :mod:`lkm.kernel.sim.settings`."""
        from lkm.kernel.sim.settings import write

        with self.world.change():
            start = self._next_line()
            return self._outcome("write", write(self.world, path, text), start)

    def _forget(self, name: str) -> None:
        db = self.world.db
        db.execute(
            "UPDATE modules SET usecount = usecount - 1 WHERE name IN (SELECT used FROM refs WHERE holder = ?)",
            (name,),
        )
        for table, column in (
            ("refs", "holder"),
            ("exports", "module"),
            ("parameters", "module"),
            ("sysfs", "module"),
        ):
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))
        for table, column in (("resources", "module"), ("opened", "module"), ("modules", "name")):
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))

    def _next_line(self) -> int:
        return int(self.world.db.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM log").fetchone()[0])

    def _outcome(self, call: str, number: int, start: int) -> Outcome:
        said = self.log(start)
        return Refused(call, number, said) if number else Done(call, said)

    def state(self) -> KernelState:
        """Return what is loaded, newest first, from one statement's view of the world."""
        # One statement is one snapshot. The newest holder is named first, as in /proc/modules.
        rows = self.world.db.execute(
            "SELECT name, size, usecount, state, taint, permanent, (SELECT group_concat(holder) FROM"
            " (SELECT holder FROM refs WHERE used = m.name ORDER BY serial DESC)) FROM modules m ORDER BY serial DESC"
        )
        return KernelState(
            tuple(
                [
                    LoadedModule(
                        ModuleName(name),
                        size,
                        count,
                        tuple([ModuleName(holder) for holder in (holders or "").split(",") if holder]),
                        state,
                        0,
                        taint,
                        bool(permanent),
                    )
                    for name, size, count, state, taint, permanent, holders in rows
                ]
            )
        )

    def log(self, since: int = 0) -> tuple[LogRecord, ...]:
        """Return the log's records from a sequence number on."""
        rows = self.world.db.execute("SELECT level, seq, usec, text FROM log WHERE seq >= ? ORDER BY seq", (since,))
        return tuple([LogRecord(level, seq, usec, text) for level, seq, usec, text in rows])

    def cmdline(self) -> str:
        """Return the kernel's command line."""
        return self.world.meta("cmdline")

    def release(self) -> str:
        """Return the kernel's release."""
        return self.world.meta("release")

    def root(self) -> str:
        """Return the directory below which this kernel's modules are."""
        return self.world.meta("tree")

    def compression(self) -> str:
        """Return the kind of compressed module that it unpacks itself: none."""
        return ""

    def modules_disabled(self) -> bool:
        """Tell whether loading and unloading are switched off until the next boot."""
        return self.world.meta("modules_disabled") == "1"

    def initstate(self, name: str) -> str:
        """Return ``live``, ``coming``, ``going``, ``builtin`` or empty."""
        module = self.state().find(name)
        if module is not None:
            return {"Live": "live", "Loading": "coming"}.get(module.state, "going")
        row = self.world.db.execute("SELECT 1 FROM builtins WHERE name = ?", (name,)).fetchone()
        return "builtin" if row else ""

    def parameters(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return the parameters that were given to a loaded module, by name."""
        rows = self.world.db.execute("SELECT name, value FROM parameters WHERE module = ? ORDER BY name", (name,))
        return tuple([(str(key), str(value)) for key, value in rows])

    def holders(self, name: str) -> tuple[str, ...]:
        """Return the modules that use this one."""
        module = self.state().find(name)
        return tuple(module.holders) if module is not None else ()

    def uses(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> Uses:
        """Return what ``lkm sim`` has in use."""
        from lkm.state.users import User, Uses

        rows = self.world.db.execute("SELECT module, what, count FROM opened ORDER BY what").fetchall()
        pairs = [
            (name, tuple([User("count", what, count=n) for owner, what, n in rows if owner == name]))
            for name in names
        ]
        return Uses(tuple(pairs))

    def snapshot(self) -> Snapshot:
        """Return all that it shows of itself."""
        from lkm.kernel.sim.effects import look

        return look(self)

    def since(self, names: Sequence[str]) -> dict[str, str]:
        """Return when each module was loaded, in seconds after the boot of this world."""
        rows = self.world.db.execute("SELECT name, loaded FROM modules").fetchall()
        return {name: f"{usec / 1e6:g} s after boot" for name, usec in rows if name in names}

    def devices(self) -> tuple[Device, ...]:
        """Return the devices that are on a bus: it has none."""
        return ()

    def samples(self, names: Collection[str], owners: Callable[[str], Sequence[str]]) -> tuple[Sample, ...]:
        """Return what shows that these modules are in use: here each use is counted."""
        from lkm.state.usage import Sample

        return tuple(
            [
                Sample(m.name, self.instance(m.name), m.refcount, m.holders, (), (), m.state == "Live", m.permanent)
                for m in self.state().modules
                if m.name in names
            ]
        )

    def instance(self, name: str) -> int:
        """Return the serial number of a loaded module, 0 when it is not loaded."""
        row = self.world.db.execute("SELECT serial FROM modules WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def boot(self) -> str:
        """Return what tells this run of the kernel from others: a world is never booted again."""
        return "simulated"

    def seconds(self) -> float:
        """Return the time since the boot, by the world's own clock."""
        return int(self.world.meta("clock")) / 1e6


def _unreadable(fd: int) -> int:
    """Return the errno with which the kernel refuses to read a descriptor, or 0.

    fs/kernel_read_file.c: ``kernel_read_file_from_fd``, then ``kernel_read_file``: open for reading; a regular file;
    not open for writing, here by this descriptor; not empty.
    """
    try:
        mode = os.fstat(fd)
        access = fcntl(fd, F_GETFL) & os.O_ACCMODE
    except OSError:
        return errno.EBADF
    if access == os.O_WRONLY:
        return errno.EBADF
    if not stat.S_ISREG(mode.st_mode):
        return errno.EINVAL
    if access == os.O_RDWR:
        return errno.ETXTBSY
    return 0 if mode.st_size else errno.EINVAL


def _whole(fd: int) -> bytes:
    parts, at = [], 0
    while part := os.pread(fd, 1 << 24, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)
