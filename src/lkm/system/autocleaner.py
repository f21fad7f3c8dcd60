"""Doing a sweep: the marks are read, the modules looked at, what is to go removed, and the marks written again.

The state is not locked meanwhile, as remove commands may well mark or sweep themselves: only what is known of the
modules that this sweep looked at is changed, where they are still the same ones.
"""

from __future__ import annotations

import os

from lkm.autoload.autoclean import Sweep, without
from lkm.autoload.outlook import outlooks
from lkm.kernel.interface import Refused
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.progress import Ran
from lkm.plan.resolve import Candidate
from lkm.plan.steps import Command
from lkm.plan.unload import RemoveRequest, plan_unload
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.autoload.autoclean import Opinion
    from lkm.autoload.marks import Lost, Marks
    from lkm.autoload.outlook import Outlook
    from lkm.config.autoclean import AutocleanSettings
    from lkm.kernel.interface import ShownKernel
    from lkm.plan.resolve import World
    from lkm.state.usage import Sample
    from lkm.system.autoloaded import Store
    from lkm.system.follow import Driver

_ORIGIN = Origin("autoclean")


class Swept(Record):
    """What came of a sweep: what it says of each marked module, by name; what it removed, in order (or would have:
    not ``active``); the marks as it leaves them, and those that it found to be lost.
    """

    active: bool
    opinions: tuple[Opinion, ...]
    removed: tuple[str, ...]
    marks: Marks
    lost: tuple[Lost, ...]

    @property
    def refused(self) -> bool:
        """Tell whether anything that was to go could not be removed."""
        return any(opinion.word == "refused" for opinion in self.opinions)


class Cleaner:
    """Sweeps on one kernel. ``owners`` gives the modules that have an alias; ``driver`` follows the plans."""

    def __init__(
        self,
        kernel: ShownKernel,
        world: World,
        store: Store,
        owners: Callable[[str], Sequence[str]],
        driver: Driver,
    ) -> None:
        self._kernel = kernel
        self._world = world
        self._store = store
        self._owners = owners
        self._driver = driver

    def sweep(self, settings: AutocleanSettings, *, active: bool, keep: bool = True, every: float = 0.0) -> Swept:
        """Sweep once. Not ``active``: remove nothing, only say what would go. ``keep`` what was seen for the next.

        ``every``: the caller sweeps again after so many seconds; 0: who knows.

        Raises MachineError when the state cannot be read or written.
        """
        marks, lost = self._store.read()
        names = [mark.module for mark in marks.marks]
        left = self._samples(names)
        now = self._kernel.seconds()
        sweep = Sweep(marks, left, settings, now)
        removed: list[str] = []
        try:
            while (name := sweep.next_module()) is not None:
                why = self._remove(name) if active else ""
                left = self._samples(names) if active else without(left, name)
                gone = all(sample.module != name for sample in left)
                sweep.record(gone, left, why)
                if gone:
                    removed.append(name)
        finally:
            kept = sweep.kept(removed if active else ())
            if keep and (kept.marks or removed or lost):
                kept = kept._replace(swept=now, every=every) if every else kept
                self._keep(kept, removed if active else (), again=bool(every))
        opinions = tuple([sweep.opinions[name] for name in sorted(sweep.opinions)])
        return Swept(active, opinions, tuple(removed), kept, lost)

    def _samples(self, names: Sequence[str]) -> tuple[Sample, ...]:
        return self._kernel.samples(names, self._owners) if names else ()

    def _remove(self, module: str) -> str:
        """Remove a module alone, by its remove command if it has one; return why that failed, or nothing."""
        state = self._driver.state()
        candidate = Candidate(ModuleName(module), "", _ORIGIN)
        plan = plan_unload(candidate, RemoveRequest(module, alone=True), self._world, state)
        journal = self._driver.follow(plan, state)
        failure = journal.failure
        if failure is None:
            step = journal.entries[-1].step if journal.entries else None
            return f"its remove command leaves it in ({step.origin})" if isinstance(step, Command) else ""
        if isinstance(failure.result, Ran) and isinstance(failure.step, Command):
            return f"its remove command failed with status {failure.result.status} ({failure.step.origin})"
        number = failure.result.errno if isinstance(failure.result, Refused) else failure.errno
        return os.strerror(number)

    def _keep(self, kept: Marks, removed: Sequence[str], *, again: bool) -> None:
        """Write what is known now of the modules that are still those that were looked at; ``again``: there will be
        another sweep.
        """

        def work(marks: Marks) -> Marks:
            same = [mark for mark in kept.marks if (now := marks.of(mark.module)) and now.instance == mark.instance]
            left = marks.put(same).without(removed)
            return left._replace(swept=kept.swept, every=kept.every) if again else left

        self._store.change(work)


def look_out(
    kernel: ShownKernel, store: Store, owners: Callable[[str], Sequence[str]], settings: AutocleanSettings
) -> tuple[Outlook, ...]:
    """Return when each marked module would go, by name. Raises MachineError when the marks cannot be read."""
    marks, _ = store.read()
    names = [mark.module for mark in marks.marks]
    return outlooks(marks, kernel.samples(names, owners) if names else (), settings, kernel.seconds())
