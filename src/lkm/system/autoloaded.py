"""The state of autoclean on disk: which loaded modules are marked, with what was seen of them.

It is one file that many may change at once, ``modprobe -k`` that the kernel starts by the dozen, the daemon, a sweep:
a lock beside it lets in one at a time, and a new file takes the old one's place. It is in /run, as marks end with the
boot; marks of modules that went otherwise, or were loaded anew by others, are left out when it is read.
"""

from __future__ import annotations

import os

from lkm.autoload.marks import Marks, dump, load, mark_for, reconcile
from lkm.errors import FormatError, MachineError
from lkm.origin import Origin, Problem
from lkm.state.usage import Sample
from lkm.system.files import machine_error, make_directory, read_text
from lkm.system.fileset import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.autoload.marks import Lost
    from lkm.autoload.nouns import Request
    from lkm.kernel.interface import ShownKernel

VARIABLE = "LKM_STATE"
PATH = "/run/lkm/autoloaded.json"
_HINT = "only root may mark modules; LKM_STATE names another file"


def path_of(kernel: ShownKernel) -> str:
    """Return where the state of a kernel is: what LKM_STATE names, beside a simulated kernel's file, or in /run."""
    world = getattr(kernel, "world", None)
    return os.environ.get(VARIABLE, "") or (f"{world.path}.autoloaded.json" if world is not None else PATH)


class Store:
    """The state of one kernel's modules. ``problems`` tell of a file that could not be used, which is set aside."""

    def __init__(self, kernel: ShownKernel, path: str = "") -> None:
        self._kernel = kernel
        self.path = path or path_of(kernel)
        self.problems: list[Problem] = []

    def read(self) -> tuple[Marks, tuple[Lost, ...]]:
        """Return the marks that count now, and those that were lost. Raises MachineError when it cannot be read."""
        return self._counting(self._load())

    def _counting(self, marks: Marks) -> tuple[Marks, tuple[Lost, ...]]:
        known = {*marks.pins, *[mark.module for mark in marks.marks]}
        loaded = [module.name for module in self._kernel.state().modules if module.name in known]
        return reconcile(marks, self._kernel.boot(), [Sample(name, self._kernel.instance(name)) for name in loaded])

    def change(self, work: Callable[[Marks], Marks]) -> Marks:
        """Put in the place of the marks what ``work`` makes of them, with nobody in between; return them.

        Raises MachineError when that cannot be written; the old ones then stand.
        """
        try:
            make_directory(os.path.dirname(self.path) or ".")
        except MachineError as error:
            raise MachineError(error.what, error.where, error.errno, _HINT) from error
        lock = self._lock()
        try:
            old = self._load(aside=True)
            fresh = work(self._counting(old)[0])
            if fresh != old:
                self._write(fresh)
            return fresh
        finally:
            os.close(lock)

    def mark(self, modules: Sequence[str], request: Request) -> None:
        """Mark modules that were just loaded for a request; marked ones stay as they are. Raises MachineError."""
        now = self._kernel.seconds()
        fresh = [mark_for(name, self._kernel.instance(name), request, now) for name in modules]
        self.change(lambda marks: marks.put([mark for mark in fresh if marks.of(mark.module) is None]))

    def pin(self, names: Sequence[str], *, pinned: bool) -> None:
        """Pin modules, or end that. Raises MachineError."""

        def work(marks: Marks) -> Marks:
            pins = set(marks.pins) | set(names) if pinned else set(marks.pins) - set(names)
            return marks._replace(pins=tuple(sorted(pins)))

        self.change(work)

    def _load(self, *, aside: bool = False) -> Marks:
        try:
            return load(read_text(self.path), self.path)
        except MachineError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return Marks()
            raise
        except FormatError as error:
            message = f"{error.what}: no module is marked"
            if aside:
                os.replace(self.path, f"{self.path}.bad")
                message += f"; the file is {self.path}.bad now"
            self.problems.append(Problem(Origin(self.path), message))
            return Marks()

    def _lock(self) -> int:
        from fcntl import LOCK_EX, flock

        path = f"{self.path}.lock"
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            flock(fd, LOCK_EX)
        except OSError as error:
            raise machine_error(error, path, _HINT) from error
        return fd

    def _write(self, marks: Marks) -> None:
        fresh = f"{self.path}.new"
        try:
            write_file(fresh, dump(marks).encode("utf-8", "surrogateescape"))
            os.replace(fresh, self.path)
        except OSError as error:
            raise machine_error(error, self.path, _HINT) from error
