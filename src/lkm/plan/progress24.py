"""Following a plan of Linux 2.4 (:mod:`lkm.plan.stack24`), which has alternatives, without I/O.

>>> from lkm.names import ModuleName
>>> from lkm.origin import Origin
>>> why = Reason("asked", "eth0", Origin("command line"))
>>> one, other = (Insert(ModuleName(name), why, True, True, f"/{name}.o") for name in ("ne", "3c59x"))
>>> run = Progress24(Plan((Choice(ModuleName("eth0"), why, True, True, ((one,), (other,))),)), frozenset())
>>> run.next_step().path, run.record(Ran(1)), run.next_step().path, run.record(Ran(0)), run.next_step(), run.succeeded
('/ne.o', None, '/3c59x.o', None, None, True)
"""

from __future__ import annotations

from lkm.origin import Origin
from lkm.plan.progress import Ran, Skipped
from lkm.plan.stack24 import Choice
from lkm.plan.steps import Command, Insert, Loaded, Plan, Reason, Remove, Step
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_BEFORE = ("pre-install", "install")


class Entry24(Record):
    """A step and what came of it: the exit status of what was run, or why there was nothing to run."""

    step: Step
    result: Ran | Skipped

    @property
    def failed(self) -> bool:
        """Tell whether it counts as a failure; a step that cannot be done (Absent, Off) has the status 1."""
        return isinstance(self.result, Ran) and self.result.status != 0


class Progress24:
    """One run of a plan. Call ``next_step``, do the Insert, Command or Remove, call ``record``; until it gives None.

    ``loaded`` are the modules that are there; give ``record`` a new set after a step that may have changed more than
    its own module. Removals whose reason is ``undo`` take out what a failed alternative had loaded.
    """

    def __init__(self, plan: Plan, loaded: frozenset[str]) -> None:
        self.entries: list[Entry24] = []
        self.succeeded = False
        self._loaded = set(loaded)
        self._entered: list[str] = []
        self._run = self._all(plan)
        self._pending: Step | None = None
        self._advance(None)

    def next_step(self) -> Step | None:
        """Return the step to do now; None at the end. Asking twice does not harm."""
        return self._pending

    def record(self, result: Ran, loaded: frozenset[str] | None = None) -> None:
        """Tell what came of the step."""
        step = self._pending
        assert step is not None
        self.entries.append(Entry24(step, result))
        if loaded is not None:
            self._loaded = set(loaded)
        elif result.status == 0 and isinstance(step, Insert):
            self._loaded.add(step.module)
        elif result.status == 0 and isinstance(step, Remove):
            self._loaded.discard(step.module)
        if result.status == 0 and (
            isinstance(step, Insert) or (isinstance(step, Command) and step.kind == "install")
        ):
            self._entered.append(step.module)
        self._advance(result)

    def _advance(self, result: Ran | None) -> None:
        try:
            self._pending = self._run.send(result)
        except StopIteration as end:
            self._pending, self.succeeded = None, bool(end.value)

    def _all(self, plan: Plan) -> Generator[Step, Ran | None, bool]:
        return (yield from self._attempt(plan.steps))

    def _attempt(self, steps: Sequence[Step]) -> Generator[Step, Ran | None, bool]:
        """Follow steps in order; when a required one fails, take out again what they loaded."""
        before = len(self.entries)
        for step in steps:
            fine = yield from self._one(step)
            if fine or not step.required:
                continue
            done = [e.step for e in self.entries[before:] if isinstance(e.step, Insert) and not e.failed]
            for gone in reversed([each for each in done if each.module in self._loaded]):
                if any(e.step is gone and isinstance(e.result, Ran) for e in self.entries[before:]):
                    reason = Reason("undo", step.module, Origin("this request"))
                    yield Remove(gone.module, reason, False, False, "unused", 0)
            return False
        return True

    def _one(self, step: Step) -> Generator[Step, Ran | None, bool]:
        if isinstance(step, Choice):
            any_fine = not step.alternatives
            for alternative in step.alternatives:
                fine = yield from self._attempt(alternative)
                any_fine = any_fine or fine
                if fine and not step.every:
                    break
            return any_fine
        if isinstance(step, Insert | Command | Remove):
            why_not = self._needless(step)
            if not why_not:
                result = yield step
                return result is not None and result.status == 0
            self.entries.append(Entry24(step, Skipped(why_not)))
            return True
        fine = isinstance(step, Loaded)
        self.entries.append(Entry24(step, Skipped("already loaded") if fine else Ran(1)))
        return fine

    def _needless(self, step: Insert | Command | Remove) -> str:
        """Return why there is no need to do a step, or nothing."""
        there = step.module in self._loaded
        if isinstance(step, Insert) or (isinstance(step, Command) and step.kind in _BEFORE):
            return "already loaded" if there else ""
        if isinstance(step, Command) and step.kind == "post-install":
            return "" if step.module in self._entered else "it was loaded already"
        if isinstance(step, Command) and step.kind == "post-remove":
            return "it is still loaded" if there else ""
        return "" if there else "not loaded"


def foresee24(plan: Plan, loaded: frozenset[str]) -> Progress24:
    """Return the run of a plan in which all that is done succeeds."""
    run = Progress24(plan, loaded)
    while run.next_step() is not None:
        run.record(Ran(0))
    return run
