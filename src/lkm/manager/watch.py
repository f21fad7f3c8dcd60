"""Looking at the kernel before, between and after steps, to tell what each module changed."""

from __future__ import annotations

from lkm.diagnose.effects import Effects, effects
from lkm.errors import LkmError
from lkm.kernel.interface import Done
from lkm.modfile.facts import read
from lkm.plan.progress import Ran
from lkm.plan.steps import Insert
from lkm.state.snapshot import diff
from lkm.system.files import open_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.interface import ShownKernel
    from lkm.modfile.nouns import ModuleFacts
    from lkm.plan.progress import Entry
    from lkm.plan.steps import Step
    from lkm.state.nouns import LogRecord
    from lkm.state.snapshot import Snapshot


class Watch:
    """The looks of one call. ``path`` gives a module's file, "" where none is known.

    A look that fails (a kernel without modules) is none, and nothing is told then.
    """

    def __init__(self, kernel: ShownKernel, path: Callable[[str], str]) -> None:
        self._kernel = kernel
        self._path = path
        self._first: Snapshot | None = None
        self._last: Snapshot | None = None
        self._seen: dict[tuple[str, str], str] = {}
        self._files: dict[str, str] = {}
        self.log: list[LogRecord] = []

    def before(self, step: Step | None = None) -> None:
        """Look, if this is the first step."""
        if isinstance(step, Insert):
            self._files[step.module] = step.path
        if self._first is None:
            self._first = self._last = self._look()

    def after(self, entry: Entry) -> None:
        """Look, and note what changed in this step, if something was done."""
        if not isinstance(entry.result, Done | Ran) or self._last is None:
            return
        self.log += entry.result.log if isinstance(entry.result, Done) else ()
        before, self._last = self._last, self._look()
        for change in diff(before, self._last) if before and self._last else ():
            self._seen[change.kind, change.name] = entry.step.module

    def look(self) -> None:
        """Look for the last time."""
        self._last = self._look()

    def take(self) -> Effects | None:
        """Return what changed from the first look to the last, None where there were not two; begin anew."""
        first, last, log, seen = self._first, self._last, tuple(self.log), self._seen
        self._first, self.log, self._seen = None, [], {}
        if first is None or last is None:
            return None
        return effects(first, last, self._facts, self._kernel.devices, log, seen)

    def left(self) -> Effects | None:
        """Return what is still changed after all, by what failed and was undone; what was said is told elsewhere."""
        if self._first is not None:
            self.look()
        found = self.take()
        return found._replace(log=()) if found else None

    def _look(self) -> Snapshot | None:
        try:
            return self._kernel.snapshot()
        except LkmError:
            return None

    def _facts(self, name: str) -> ModuleFacts | None:
        path = self._files.get(name) or self._path(name)
        if not path:
            return None
        try:
            with open_source(path) as source:
                return read(source)[0]
        except LkmError:
            return None


class Around:
    """What changes in a kernel while the body of ``with`` runs: ``effects``, once that has ended.

    ``path`` gives a module's file, "" where none is known. Raises MachineError for a kernel without modules.
    """

    def __init__(self, kernel: ShownKernel, path: Callable[[str], str]) -> None:
        self._kernel = kernel
        self._watch = Watch(kernel, path)
        self._since = 0
        self.effects = Effects()

    def __enter__(self) -> Around:
        self._kernel.state()  # a kernel without modules is told of before anything is done
        old = self._kernel.log()
        self._since = old[-1].sequence + 1 if old else 0
        self._watch.before()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.look()
        self._watch.log += self._kernel.log(self._since)
        self.effects = self._watch.take() or Effects()
