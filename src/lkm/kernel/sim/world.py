"""A world: all that a simulated kernel holds, in one SQLite file.

The rollback journal is kept (not WAL): a world is then one file between changes, which can be copied and sent.
Every change is one transaction begun with BEGIN IMMEDIATE, so that several processes can use a world at once, and one
that is killed leaves it as it was before its change. No clock is read: ``clock`` in ``meta`` is µs since boot.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import contextmanager

from lkm.errors import MachineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lkm.modfile.nouns import Export

VERSION = 2
_LONGEST_LINE = 989  # kernel/printk/printk.c: LOG_LINE_MAX, without the level and the zero byte
_WAIT = 60.0  # seconds to wait for another process's change

#: ``flags`` of modules are those of 2.4 (include/linux/module.h); ``state`` is Live, Loading or Unloading.
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE modules(
    serial INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    usecount INTEGER NOT NULL DEFAULT 0, flags INTEGER NOT NULL DEFAULT 1, state TEXT NOT NULL DEFAULT 'Live',
    taint TEXT NOT NULL DEFAULT '', permanent INTEGER NOT NULL DEFAULT 0, license TEXT NOT NULL DEFAULT '',
    parameters TEXT NOT NULL DEFAULT '', path TEXT NOT NULL DEFAULT '', loaded INTEGER NOT NULL DEFAULT 0);
CREATE TABLE parameters(module TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(module, name));
CREATE TABLE sysfs(
    module TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, mode INTEGER NOT NULL, flags INTEGER NOT NULL,
    most INTEGER, bare INTEGER NOT NULL, PRIMARY KEY(module, name));
CREATE TABLE exports(
    name TEXT PRIMARY KEY, crc INTEGER, gpl_only INTEGER NOT NULL DEFAULT 0, namespace TEXT NOT NULL DEFAULT '',
    module TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE refs(
    serial INTEGER PRIMARY KEY AUTOINCREMENT, holder TEXT NOT NULL, used TEXT NOT NULL, UNIQUE(holder, used));
CREATE TABLE resources(
    kind TEXT NOT NULL, name TEXT NOT NULL, number INTEGER, module TEXT NOT NULL DEFAULT '',
    predicted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE opened(what TEXT PRIMARY KEY, module TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE builtins(name TEXT PRIMARY KEY);
CREATE TABLE certificates(der BLOB NOT NULL);
CREATE TABLE faults(module TEXT NOT NULL, kind TEXT NOT NULL, argument TEXT NOT NULL DEFAULT '',
    PRIMARY KEY(module, kind));
CREATE TABLE once(line TEXT PRIMARY KEY);
CREATE TABLE log(seq INTEGER PRIMARY KEY AUTOINCREMENT, level INTEGER NOT NULL, usec INTEGER NOT NULL,
    text TEXT NOT NULL);
"""


class World:
    """An open world. Raises MachineError where the file is missing, is no world, or is of another version."""

    def __init__(self, path: str) -> None:
        if not os.path.isfile(path):
            raise MachineError("no such simulated kernel", path, errno.ENOENT, "`lkm sim new FILE` makes one")
        self.path = path
        self._read: dict[str, str | None] | None = None  # meta, while we alone may change it
        self.db = _connect(path)
        try:
            found = self.meta("version")
        except sqlite3.DatabaseError as error:
            self.db.close()
            raise MachineError(f"not a simulated kernel: {error}", path, errno.EINVAL) from None
        if found != str(VERSION):
            self.db.close()
            raise MachineError(f"simulated kernel of version {found!r}; this lkm reads {VERSION}", path, errno.EINVAL)

    @classmethod
    def create(
        cls,
        path: str,
        meta: Mapping[str, str],
        exports: Iterable[Export] = (),
        builtins: Iterable[str] = (),
        certificates: Iterable[bytes] = (),
    ) -> World:
        """Make a world, whole or not at all; MachineError where the file is there already or cannot be written.

        ``meta``: release, vermagic, dialect (``current``, ``2.4``), cmdline, tree, machine (the ELF number); how the
        kernel was built: the features of :mod:`lkm.image.features`; policy: modules_disabled, sig_enforce,
        cap_sys_module (these are ``1``, ``0`` or missing), lockdown, blacklist (names, by commas).
        ``certificates``: of the keys whose signatures it trusts, in DER.
        """
        new = f"{path}.{os.getpid()}.new"
        try:
            db = _connect(new)
            try:
                db.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
                db.execute("BEGIN")
                values = {"version": str(VERSION), "dialect": "current", "clock": "0", **meta}
                db.executemany("INSERT INTO meta VALUES(?, ?)", values.items())
                rows = [(e.name, e.crc, int(e.gpl_only), e.namespace) for e in exports]
                db.executemany("INSERT OR REPLACE INTO exports(name, crc, gpl_only, namespace) VALUES(?,?,?,?)", rows)
                db.executemany("INSERT OR IGNORE INTO builtins VALUES(?)", [(name,) for name in builtins])
                db.executemany("INSERT INTO certificates VALUES(?)", [(der,) for der in certificates])
                db.execute("COMMIT")
            finally:
                db.close()
            os.link(new, path)
        except (OSError, sqlite3.Error) as error:
            raise MachineError(f"cannot make a simulated kernel: {error}", path, errno.EIO) from None
        finally:
            if os.path.exists(new):
                os.unlink(new)
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def __del__(self) -> None:
        """Close the file of a world that goes unclosed; of an open connection Python 3.13 would complain."""
        if hasattr(self, "db"):
            self.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Do what is inside as one change that others see whole, or, when it raises, not at all.

        A change inside a change is part of it. Raises MachineError when another process's change does not end in a
        minute, or the file cannot be written.
        """
        if self.db.in_transaction:
            yield
            return
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            busy = "locked" in str(error)
            hint = "another process is changing it; try again when that has ended" if busy else ""
            number = errno.EBUSY if busy else errno.EACCES
            raise MachineError(f"cannot change the simulated kernel: {error}", self.path, number, hint) from None
        self._read = {}
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        finally:
            self._read = None
        self.db.execute("COMMIT")

    def meta(self, key: str, default: str = "") -> str:
        """Return a fact about the world."""
        found = self._read.get(key, self) if self._read is not None else self
        if found is self:
            row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            found = str(row[0]) if row else None
            if self._read is not None:
                self._read[key] = found
        return default if found is None else str(found)

    def set_meta(self, key: str, value: str) -> None:
        """Set a fact about the world."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))
        if self._read is not None:
            self._read[key] = value

    def drop_meta(self, keys: Iterable[str]) -> None:
        """Forget facts about the world."""
        self.db.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in keys])
        if self._read is not None:
            self._read = {}

    def features(self) -> frozenset[str]:
        """Return how this kernel was built (:mod:`lkm.image.features`)."""
        return frozenset([key for (key,) in self.db.execute("SELECT key FROM meta WHERE value = '1'")])

    def say(self, level: int, text: str) -> None:
        """Write a line to the kernel log, at the world's own time; printk cuts what is longer than a record."""
        text = text.encode("utf-8", "surrogateescape")[:_LONGEST_LINE].decode("utf-8", "surrogateescape")
        self.db.execute("INSERT INTO log(level, usec, text) VALUES(?, ?, ?)", (level, int(self.meta("clock")), text))

    def first(self, key: str) -> bool:
        """Tell whether this is the first time since boot, and remember that it was."""
        return self.db.execute("INSERT OR IGNORE INTO once VALUES(?)", (key,)).rowcount == 1

    def check(self) -> tuple[str, ...]:
        """Return what in this world cannot be true of a kernel: nothing, unless the file was harmed."""
        found = [str(row[0]) for row in self.db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        queries = {
            "holder is not loaded": "SELECT holder FROM refs WHERE holder NOT IN (SELECT name FROM modules)",
            "used module is not loaded": "SELECT used FROM refs WHERE used NOT IN (SELECT name FROM modules)",
            "exports of a module that is not loaded": "SELECT name FROM exports WHERE module != '' AND module NOT IN"
            " (SELECT name FROM modules)",
            "use count below its users": "SELECT name FROM modules m WHERE usecount <"
            " (SELECT COUNT(*) FROM refs WHERE used = m.name)",
            "parameters of a module that is not loaded": "SELECT module FROM parameters WHERE module NOT IN"
            " (SELECT name FROM modules)",
        }
        if self.meta("dialect") == "2.4":  # dependents are no uses there
            del queries["use count below its users"]
        for fault, query in queries.items():
            found += [f"{name}: {fault}" for (name,) in self.db.execute(query)]
        return tuple(found)


def _connect(path: str) -> sqlite3.Connection:
    # One thread at a time is the callers' business; which one may change.
    return sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
