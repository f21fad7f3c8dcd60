"""The kernel of Linux 2.4 on a world: create_module, init_module, delete_module, /proc/modules and /proc/ksyms."""

from __future__ import annotations

import errno
import os

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.kernel.interface import Done, Outcome, Refused
from lkm.kernel.sim import rules24, typed24
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.link24 import Symbol24, bind, mismatch
from lkm.kernel.sim.rules24 import Module24, State24, find
from lkm.kernel.sim.world import World
from lkm.modfile.nouns import Export
from lkm.modfile.object24 import Object24, read24
from lkm.record import Record

RELEASE = "2.4.2-2"
#: Module files that are shipped: those of the HOWTO's chapter 5, for RELEASE on i386.
MODULES = os.path.join(os.path.dirname(__file__), "modules24")
#: What a small kernel exports, enough for these.
KERNEL_SYMBOLS = (
    *("printk", "register_filesystem", "unregister_filesystem", "register_chrdev", "unregister_chrdev"),
    *("request_irq", "free_irq", "register_netdev", "unregister_netdev", "sock_register", "sock_unregister"),
    *("tty_register_driver", "tty_unregister_driver", "kmalloc", "kfree", "request_module"),
    *("register_blkdev", "ide_register_subdriver"),
)
_KERNEL_TEXT, _VMALLOC, _PAGE = 0xC0112FA0, 0xC8800000, 4096
_STATES = {0: "Loading", rules24.INITIALIZING: "Loading"}


def create_world(path: str, tree: str = "", release: str = RELEASE, symbols: tuple[str, ...] = ()) -> World:
    """Make a world that speaks 2.4. ``tree`` is the root below which lib/modules/RELEASE is looked for."""
    meta = {"release": release, "dialect": "2.4", "tree": tree, "cmdline": "BOOT_IMAGE=linux ro root=301"}
    return World.create(path, meta, [Export(name) for name in symbols or KERNEL_SYMBOLS])


class Start24(Record):
    """What init_module(2) is given by insmod, besides the code itself."""

    needs: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    autoclean: bool = False
    simulate: tuple[str, ...] = ()
    can_unload: bool = False
    path: str = ""
    license: str = ""
    taint: str = ""


class Kernel24(SimulatedKernel):
    """A world whose dialect is 2.4. Its methods return an errno, 0 for none, as that kernel's calls did."""

    def modules24(self) -> State24:
        """Return what is loaded, newest first, as it is at one moment."""
        db = self.world.db
        if not db.in_transaction:
            db.execute("BEGIN")  # one snapshot for the three readings
            try:
                return self.modules24()
            finally:
                db.execute("COMMIT")
        judges = dict(db.execute("SELECT module, number FROM resources WHERE kind = 'can_unload'"))
        holders: dict[str, list[str]] = {}
        for holder, used in db.execute("SELECT holder, used FROM refs ORDER BY serial DESC"):
            holders.setdefault(used, []).append(holder)
        rows = db.execute("SELECT name, size, usecount, flags FROM modules ORDER BY serial DESC").fetchall()
        return tuple(
            [
                Module24(name, size, count, flags, tuple(holders.get(name, ())), judges.get(name))
                for name, size, count, flags in rows
            ]
        )

    def _flags(self, state: State24) -> None:
        """Store use counts and flags."""
        for m in state:
            kind = _STATES.get(m.flags & (rules24.RUNNING | rules24.INITIALIZING), "Live")
            kind = "Unloading" if m.flags & rules24.DELETED else kind
            row = (m.usecount, m.flags, kind, m.name)
            self.world.db.execute("UPDATE modules SET usecount = ?, flags = ?, state = ? WHERE name = ?", row)

    def _free(self, name: str) -> None:
        db = self.world.db
        for used in self._uses().get(name, ()):
            self._flags(rules24.release(self.modules24(), used))
        for table, column in (("refs", "holder"), ("exports", "module"), ("parameters", "module")):
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))
        for table, column in (("resources", "module"), ("opened", "module"), ("modules", "name")):
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))

    def create_module(self, name: str, size: int) -> int:
        """Make room for a module; it is then (uninitialized)."""
        with self.world.change():
            _, number = rules24.create(self.modules24(), name, size)
            if number:
                return number
            db = self.world.db
            query = "SELECT MAX(r.number + m.size) FROM resources r JOIN modules m ON m.name = r.module"
            top = db.execute(f"{query} WHERE r.kind = 'area'").fetchone()[0]
            base = _VMALLOC if top is None else (top // _PAGE + 2) * _PAGE  # a page between two areas
            row = (name, size, int(self.world.meta("clock")))
            db.execute("INSERT INTO modules(name, size, flags, state, loaded) VALUES(?, ?, 0, 'Loading', ?)", row)
            self._resource("area", name, base, name)
            return 0

    def init_module(self, name: str, start: Start24) -> int:
        """Start a module that was created. Where that fails it stays, uninitialized, for insmod to delete."""
        with self.world.change():
            flags = rules24.AUTOCLEAN if start.autoclean else 0
            state, number = rules24.begin(self.modules24(), name, start.needs, flags)
            if number:
                return number
            self._begin(name, start)
            faults = dict(self.world.db.execute("SELECT kind, argument FROM faults WHERE module = ?", (name,)))
            if "hang" in faults or "oops" in faults:
                self._flags(state)
                if "oops" in faults:
                    self.world.say(1, "Unable to handle kernel NULL pointer dereference at virtual address 00000000")
                return 0
            answer = -abs(int(faults["init"])) if "init" in faults else int(faults.get("init-positive", 0))
            self._flags(state)
            answer = answer or self._start(name, start)
            state, number = rules24.finish(self.modules24(), name, answer)
            self._flags(state)
            return number

    def _begin(self, name: str, start: Start24) -> None:
        db = self.world.db
        for used in start.needs:
            db.execute("INSERT INTO refs(holder, used) VALUES(?, ?)", (name, used))
        base = db.execute("SELECT number FROM resources WHERE kind='area' AND module=?", (name,)).fetchone()[0]
        for at, symbol in enumerate(start.exports):
            db.execute("INSERT OR IGNORE INTO exports(name, module) VALUES(?, ?)", (symbol, name))
            self._resource("ksym", symbol, base if symbol.startswith("__insmod_") else base + 96 + 16 * at, name)
        db.executemany(
            "INSERT OR REPLACE INTO parameters VALUES(?,?,?)", [(name, *pair) for pair in start.parameters]
        )
        text = " ".join(f"{key}={value}" for key, value in start.parameters)
        row = (start.license, text, start.path, start.taint, name)
        db.execute("UPDATE modules SET license = ?, parameters = ?, path = ?, taint = ? WHERE name = ?", row)
        for letter in start.taint:
            self.world.first(f"taint {letter}")

    def _start(self, name: str, start: Start24) -> int:
        """Do what the file says that its init does (``simulate=KIND:NAME:NUMBER``); return its answer."""
        given = dict(start.parameters)
        facts = {"io": "0", "irq": "0", **given}
        for text in start.simulate:
            kind, _, rest = text.partition(":")
            what, _, number = rest.rpartition(":")
            if kind == "requires" and what not in given:
                self.world.say(3, f'{name}: You must supply "{what}=0xNNN" value(s) for ISA cards.')
                return -int(number)
            if kind == "say" and (not number or find(self.modules24(), number)):
                self.world.say(6, _filled(what, facts))
            elif kind == "use":
                self._use(what.split("+"), name)
            elif kind not in ("requires", "say"):
                facts[kind] = what = self._free_name(kind, what)
                value = number if number.isdecimal() else given.get(number, "").split(",")[0]
                self._resource(kind, what, int(value, 0) if value else None, name, predicted=1)
        if start.can_unload:
            self._resource("can_unload", name, 0, name)
        return 0

    def _free_name(self, kind: str, what: str) -> str:
        """Return a name such as ``eth%d`` with the first number that is not taken."""
        if "%d" not in what:
            return what
        taken = {row[0] for row in self.world.db.execute("SELECT name FROM resources WHERE kind = ?", (kind,))}
        return next(n for n in (what.replace("%d", str(i)) for i in range(len(taken) + 1)) if n not in taken)

    def _use(self, names: list[str], user: str) -> None:
        """Count a use of each of these modules until the user goes; none, where one of them is not there.

        So lp holds a port: ``parport_register_device`` counts one of parport and one of the port's own driver
        (drivers/parport/share.c).
        """
        state = self.modules24()
        if all(find(state, name) for name in names):
            for name in names:
                state = rules24.use(state, name)
                self._resource("use", name, None, user)
            self._flags(state)

    def _uses(self) -> dict[str, tuple[str, ...]]:
        """Return which modules are used by modules, by user."""
        found: dict[str, tuple[str, ...]] = {}
        for user, used in self.world.db.execute("SELECT module, name FROM resources WHERE kind = 'use'"):
            found[user] = (*found.get(user, ()), used)
        return found

    def _resource(self, kind: str, name: str, number: int | None, module: str, predicted: int = 0) -> None:
        self.world.db.execute("INSERT INTO resources VALUES(?,?,?,?,?)", (kind, name, number, module, predicted))

    def delete_module(self, name: str | None) -> int:
        """Remove one module; None sweeps, and never fails."""
        with self.world.change():
            state = self.modules24()
            if name is None:
                left, freed = rules24.sweep(state, self._uses())
                for gone in freed:
                    self._free(gone)
                self._flags(left)
                return 0
            number = rules24.refusal(state, name)
            if number:
                return number
            query = "SELECT 1 FROM faults WHERE module = ? AND kind = 'hang-exit'"
            running = (find(state, name) or Module24("")).flags & rules24.RUNNING
            if running and self.world.db.execute(query, (name,)).fetchone():
                self._flags(rules24.mark_deleted(state, name))
                return 0
            self._free(name)
            return 0

    def ksyms(self) -> tuple[Symbol24, ...]:
        """Return the exported symbols: of modules, newest first, then the kernel's own."""
        query = (
            "SELECT r.number, r.name, r.module FROM resources r JOIN modules m ON m.name = r.module"
            " WHERE r.kind = 'ksym' AND m.flags & 65 AND NOT m.flags & 2 ORDER BY m.serial DESC, r.rowid"
        )
        own = self.world.db.execute("SELECT name FROM exports WHERE module = '' ORDER BY name").fetchall()
        return (
            *[Symbol24(*row) for row in self.world.db.execute(query)],
            *[Symbol24(_KERNEL_TEXT + 64 * at, name) for at, (name,) in enumerate(own)],
        )

    def area(self, name: str) -> tuple[int, int]:
        """Return address and size of a loaded module."""
        query = "SELECT r.number, m.size FROM resources r JOIN modules m ON m.name = r.module WHERE r.kind = 'area'"
        address, size = self.world.db.execute(f"{query} AND m.name = ?", (name,)).fetchone()
        return int(address), int(size)

    def proc_modules(self) -> str:
        """Return the text of /proc/modules."""
        return rules24.proc_modules(self.modules24())

    def proc_ksyms(self) -> str:
        """Return the text of /proc/ksyms."""
        return "".join([rules24.ksyms_line(symbol.address, symbol.name, symbol.module) for symbol in self.ksyms()])

    def taint(self) -> str:
        """Return the letters of /proc/sys/kernel/tainted's bits: P, F."""
        lines = self.world.db.execute("SELECT line FROM once WHERE line LIKE 'taint _' ORDER BY line DESC")
        return "".join([line[-1] for (line,) in lines])

    def insert(self, name: str, size: int, start: Start24) -> int:
        """Create and start a module, and delete it when its start failed: insmod's three calls, as one change.

        To two insmods at once a module then never is half there, which both would fail on.
        """
        with self.world.change():
            number = self.create_module(name, size)
            if number:
                return number
            number = self.init_module(name, start)
            if number:
                self.delete_module(name)
            return number

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        """Load a ``.o`` file as insmod without options would, without its words."""
        try:
            with open(path, "rb") as file:
                module = read24(BytesSource(file.read(), path))
        except OSError as error:
            return Refused("open", error.errno or errno.EIO)
        except FormatError:
            return Refused("read", errno.ENOEXEC)
        symbols = self.ksyms()
        bound = bind(module, symbols, force=bool(flags))
        if not module.is_module or (not flags and mismatch(module, self.release(), symbols)):
            return Refused("init_module", errno.ENOEXEC)
        if bound.missing:
            return Refused("init_module", errno.ENOENT)
        types = {parameter.name: parameter.type for parameter in module.parameters}
        given, fault = typed24.check(types, parameters.split())
        if fault:
            return Refused("init_module", errno.EINVAL)
        name = os.path.basename(path).removesuffix(".o")
        number = self.insert(name, module.size, start_of(module, bound.needs, tuple(given), path=path))
        return Refused("init_module", number) if number else Done("init_module")

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        """Remove a module by its name."""
        number = self.delete_module(name)
        return Refused("delete_module", number) if number else Done("delete_module")


def _filled(text: str, facts: dict[str, str]) -> str:
    """Return a text with ``$NAME`` replaced by facts.

    >>> _filled("$netdev: found at $io.", {"netdev": "eth0", "io": "0x300"})
    'eth0: found at 0x300.'
    """
    for key, value in facts.items():
        text = text.replace(f"${key}", value)
    return text


def start_of(
    module: Object24,
    needs: tuple[str, ...],
    parameters: tuple[tuple[str, str], ...] = (),
    *,
    exports: tuple[str, ...] | None = None,
    autoclean: bool = False,
    path: str = "",
    taint: str = "",
) -> Start24:
    """Return what a file is started with; ``exports`` None means all that it offers."""
    hidden = ("init_module", "cleanup_module", "can_unload")
    offered = tuple([name for name in module.exports if name not in hidden]) if exports is None else exports
    judge, simulate = module.has_can_unload, module.values("simulate")
    return Start24(needs, offered, parameters, autoclean, simulate, judge, path, module.license or "", taint)
