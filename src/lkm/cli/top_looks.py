"""What ``lkm top`` looks at besides the modules: the history of requests, and when autoclean removes what."""

from __future__ import annotations

import errno

from lkm.config.autoclean import AutocleanSettings, assemble_autoclean
from lkm.errors import LkmError
from lkm.report.watch import countdown
from lkm.system.autocleaner import look_out
from lkm.system.autoloaded import Store
from lkm.system.configfiles import autoclean_files
from lkm.system.history import Follower, History, path_of
from lkm.system.users import owners_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.nouns import Entry
    from lkm.kernel.interface import ShownKernel
    from lkm.origin import Problem


class Looks:
    """Looks at one kernel's. What fails, or is wrong with a file, is told once."""

    def __init__(self, kernel: ShownKernel) -> None:
        self._kernel = kernel
        self._store = Store(kernel)
        self._owners = owners_of(kernel)
        self._follower = Follower(History(path_of(kernel)), self._complain, past=False)
        self._notes: list[str] = []
        self._noted: set[str] = set()
        self.active = True

    def requests(self) -> list[Entry]:
        """Return what was asked for since the last look."""
        found: list[Entry] = []
        try:
            for entry in self._follower.look():
                found.append(entry)
        except LkmError as error:
            self._failed("no requests are shown", error)
        return found

    def goes(self) -> dict[str, str]:
        """Return what is to be said of the modules that autoclean may remove."""
        problems: list[Problem] = []
        settings = AutocleanSettings()
        try:
            settings = assemble_autoclean(autoclean_files(problems=problems))
            found = look_out(self._kernel, self._store, self._owners, settings)
        except LkmError as error:
            self._failed("autoclean is not shown", error)
            found = ()
        for problem in (*problems, *settings.problems, *self._store.problems):
            self._complain(problem)
        self._store.problems.clear()
        self.active = settings.active or not found
        now = self._kernel.seconds()
        return {each.module: countdown(each, now, active=settings.active) for each in found}

    def notes(self) -> list[str]:
        """Return what is to be told and was not yet."""
        fresh = [note for note in dict.fromkeys(self._notes) if note not in self._noted]
        self._noted.update(fresh)
        self._notes.clear()
        return fresh

    def _complain(self, problem: Problem) -> None:
        self._notes.append(str(problem))

    def _failed(self, what: str, error: LkmError) -> None:
        hint = "; run it as root" if getattr(error, "errno", 0) == errno.EACCES else ""
        self._notes.append(f"{what}: {error}{hint}")
