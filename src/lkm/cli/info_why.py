"""What ``lkm info`` tells of a loaded module's past and future: who asked for it, when autoclean removes it."""

from __future__ import annotations

import time

from lkm.autoload.nouns import Request
from lkm.config.autoclean import AutocleanSettings, assemble_autoclean
from lkm.errors import LkmError
from lkm.report.why import Why
from lkm.system.autocleaner import look_out
from lkm.system.autoloaded import Store
from lkm.system.configfiles import autoclean_files
from lkm.system.history import History, path_of
from lkm.system.users import owners_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.marks import Mark
    from lkm.autoload.outlook import Outlook
    from lkm.kernel.interface import ShownKernel


class Whys:
    """What all modules of one call share: the marks, what will become of them, and the history."""

    def __init__(self, kernel: ShownKernel) -> None:
        self._problems: list[str] = []
        self._now = kernel.seconds()
        #: The time of the boot; a simulated kernel has a clock of its own.
        self._boot = time.time() - self._now if getattr(kernel, "world", None) is None else 0.0
        self._history = History(path_of(kernel))
        self._settings = AutocleanSettings()
        self._marks: dict[str, Mark] = {}
        self._outlooks: dict[str, Outlook] = {}
        store = Store(kernel)
        try:
            self._settings = assemble_autoclean(autoclean_files(problems=[]))
            self._marks = {mark.module: mark for mark in store.read()[0].marks}
            found = look_out(kernel, store, owners_of(kernel), self._settings)
            self._outlooks = {outlook.module: outlook for outlook in found}
        except LkmError as error:
            self._problems.append(f"what autoclean does: {error}")

    def of(self, module: str) -> Why:
        """Return what is known of a loaded module."""
        mark = self._marks.get(module)
        problems = self._problems
        asked, when = None, ""
        try:
            entry = self._history.last_for(module, self._boot)
            if entry is not None:
                asked, when = entry.request, f"at {_shown(entry.request.at)}"
        except LkmError as error:
            problems = [*problems, f"who asked for it: {error}"]
        if mark is not None and mark.alias and (asked is None or asked.alias != mark.alias):
            asked = Request(mark.alias, mark.requester, self._boot + mark.loaded, uid=mark.uid)
            when = f"at {_shown(asked.at)}" if self._boot else f"{mark.loaded:g} s after boot"
        outlook = self._outlooks.get(module)
        return Why(asked, when, mark, outlook, self._settings.active, self._now, tuple(problems))


def _shown(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
