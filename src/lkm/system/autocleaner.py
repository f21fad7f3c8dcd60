"""Doing a sweep: the marks are read, the modules looked at, what is to go removed, and the marks written again.

The state is not locked meanwhile, as remove commands may well mark or sweep themselves: only what is known of the
modules that this sweep looked at is changed, where they are still the same ones.
"""

from __future__ import annotations

import os

from lkm.autoload.autoclean import Sweep, without
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

    def sweep(self, settings: AutocleanSettings, *, active: bool, keep: bool = True) -> Swept:
        """Sweep once. Not ``active``: remove nothing, only say what would go. ``keep`` what was seen for the next.

        Raises MachineError when the state cannot be read or written.
        """
        marks, lost = self._store.read()
        names = [mark.module for mark in marks.marks]
        left = self._samples(names)
        sweep = Sweep(marks, left, settings, self._kernel.seconds())
        seen = sweep.marks
        removed = []
        kept = seen
        try:
            while (name := sweep.next_module()) is not None:
                why = self._remove(name) if active else ""
                left = self._samples(names) if active else without(left, name)
                gone = all(sample.module != name for sample in left)
                sweep.record(gone, left, why)
                if gone:
                    removed.append(name)
        finally:
            kept = _after(seen, sweep.marks, removed if active else ())
            if keep and (kept.marks or removed or lost):
                self._keep(kept, removed if active else ())
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

    def _keep(self, kept: Marks, removed: Sequence[str]) -> None:
        """Write what is known now of the modules that are still those that were looked at."""

        def work(marks: Marks) -> Marks:
            same = [mark for mark in kept.marks if (now := marks.of(mark.module)) and now.instance == mark.instance]
            return marks.put(same).without(removed)

        self._store.change(work)


def _after(seen: Marks, swept: Marks, removed: Sequence[str]) -> Marks:
    """Return the marks as they were when the sweep began, without what it removed, and with the visits it cleared.

    What it saw of removals that were only imagined is not to be believed later.
    """
    kept = [
        mark._replace(visited=after.visited) if (after := swept.of(mark.module)) is not None else mark
        for mark in seen.marks
        if mark.module not in removed
    ]
    return seen._replace(marks=tuple(kept))
