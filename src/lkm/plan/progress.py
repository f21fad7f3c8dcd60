"""Following a plan, without I/O: ask for the next step, do it, record what came of it.

>>> from lkm.origin import Origin
>>> from lkm.plan.steps import Reason
>>> why = Reason("asked", "fat", Origin("command line"))
>>> run = Progress(Plan((Insert("fat", why, True, True, "/m/fat.ko"),)))
>>> run.next_step().path
'/m/fat.ko'
>>> run.record(Done("finit_module"))
>>> run.next_step(), run.journal.failure
(None, None)

What happened meanwhile is taken into account: a step whose module went in (or out) by another way is passed over.
"""

from __future__ import annotations

import errno

from lkm.kernel.interface import Done, Refused
from lkm.plan.steps import Absent, Builtin, Command, Forbidden, Insert, Loaded, NotLoaded, Plan, Remove, Step
from lkm.record import Record
from lkm.state.nouns import KernelState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Ran(Record):
    """A command ended; ``status`` is its exit status, or minus the signal that killed it: no failure to kmod."""

    status: int


class Skipped(Record):
    """There was no need or no sense to do the step: ``reason`` in words."""

    reason: str


Result = Done | Refused | Ran | Skipped
AFTER_FAILURE = "the step that it follows from failed"


class Entry(Record):
    """A step and what came of it. ``errno`` is 0 when that counts as success."""

    step: Step
    result: Result
    errno: int = 0


class Journal(Record):
    """All steps that were taken or passed over, in order. ``failure`` is the entry that ended the plan, or None."""

    entries: tuple[Entry, ...] = ()
    failure: Entry | None = None


def foresee(plan: Plan) -> Iterator[Entry]:
    """Yield what would come of each step as things stand in the plan, every doing succeeding; ends at a failure."""
    left_out = 0
    for step in plan.steps:
        number = _refusal(step, plan.first_time)
        if left_out:
            left_out -= 1
            yield Entry(step, Skipped(AFTER_FAILURE))
        elif number:
            yield Entry(step, Refused("", number), number)
            if step.required:
                return
            left_out = _sequel(step)
        elif isinstance(step, Remove) and step.when == "unused" and step.users:
            yield Entry(step, Skipped("in use"))
        elif isinstance(step, (Insert, Command, Remove)):
            yield Entry(step, Done(""))
        else:
            yield Entry(step, Skipped("nothing to do"))


def _refusal(step: Step, first_time: bool) -> int:
    """Return the errno for a step that is known to fail when it is planned, or 0."""
    if isinstance(step, (Loaded, Builtin)) and step.target and first_time:
        return errno.EEXIST
    if isinstance(step, Forbidden):
        return errno.EPERM
    if isinstance(step, NotLoaded) and ((step.builtin and step.target) or (first_time and not step.builtin)):
        return errno.ENOENT
    if isinstance(step, Remove) and step.when == "idle" and step.users > 0:
        return errno.EBUSY
    return 0


def _sequel(step: Step) -> int:
    """Return how many steps after this one make no sense when it fails."""
    return step.sequel if isinstance(step, (Command, Remove)) else 0


class Progress:
    """One run of a plan. Call ``next_step``, do the step that it gives, call ``record``; until it gives None.

    ``state`` is the kernel's, as far as known; give ``record`` a new one after a step that may have changed more than
    its own module (a command, a removal).
    """

    def __init__(self, plan: Plan, state: KernelState | None = None) -> None:
        self._plan = plan
        self._left = list(reversed(plan.steps))
        self._pending: Step | None = None
        self._entries: list[Entry] = []
        self._failure: Entry | None = None
        self._users: dict[str, int] = {}
        self._left_out = 0
        self._live: set[str] = set()
        self._know(state or KernelState())

    def _know(self, state: KernelState) -> None:
        self._users = {m.name: m.refcount for m in state.modules}
        self._live = {m.name for m in state.modules if m.state == "Live"}

    @property
    def journal(self) -> Journal:
        """Return all that happened so far."""
        return Journal(tuple(self._entries), self._failure)

    def next_step(self) -> Step | None:
        """Return the Insert, Command or Remove to do now; None at the end. Asking twice does not harm."""
        while self._pending is None and self._left and self._failure is None:
            step = self._left.pop()
            settled = self._settle(step)
            if settled is None:
                self._pending = step
            else:
                self._note(settled)
        return self._pending

    def _settle(self, step: Step) -> Entry | None:
        """Return the entry of a step that needs no doing, or None."""
        if self._left_out:
            self._left_out -= 1
            return Entry(step, Skipped(AFTER_FAILURE))
        if isinstance(step, Absent):
            return Entry(step, Refused("", errno.ENOENT), errno.ENOENT)
        if isinstance(step, Remove):
            return self._settle_removal(step)
        if isinstance(step, Insert) or (isinstance(step, Command) and step.kind == "install"):
            if step.module not in self._live:
                return None
            if self._plan.first_time and step.target:
                return Entry(step, Refused("", errno.EEXIST), errno.EEXIST)
            return Entry(step, Skipped("already loaded"))
        if isinstance(step, Command):
            return None
        number = _refusal(step, self._plan.first_time)
        return Entry(step, Refused("", number), number) if number else Entry(step, Skipped("nothing to do"))

    def _settle_removal(self, step: Remove) -> Entry | None:
        users = self._users.get(step.module)
        if step.when == "always":
            return None
        if users is None:
            number = errno.ENOENT if self._plan.first_time and step.when == "idle" else 0
            return Entry(step, Refused("", number), number) if number else Entry(step, Skipped("not loaded"))
        if step.when == "unused" and users:
            return Entry(step, Skipped("in use"))
        return Entry(step, Refused("", errno.EBUSY), errno.EBUSY) if users > 0 else None

    def record(self, result: Result, state: KernelState | None = None) -> None:
        """Take down what came of the step that ``next_step`` gave; raises ValueError when it gave none."""
        step = self._pending
        if step is None:
            raise ValueError("there is no step to record a result for")
        self._pending = None
        if state is not None:
            self._know(state)
        self._note(Entry(step, result, self._judge(step, result, state is not None)))

    def _judge(self, step: Step, result: Result, known: bool) -> int:
        """Return the errno that a result counts as, and take the module as loaded or gone where it now is."""
        if isinstance(result, Ran):
            return errno.EINVAL if result.status > 0 else 0
        loaded = isinstance(step, Insert)
        number = result.errno if isinstance(result, Refused) else 0
        if number == errno.EEXIST and loaded and not (self._plan.first_time and step.target):
            number = 0
        if not number and not known:
            if loaded:
                self._live.add(step.module)
            else:
                self._users.pop(step.module, None)
                self._live.discard(step.module)
        return number

    def _note(self, entry: Entry) -> None:
        self._entries.append(entry)
        if entry.errno:
            self._left_out = _sequel(entry.step)
            if entry.step.required:
                self._failure = entry


def replay(plan: Plan, journal: Journal) -> Progress:
    """Return a run of the plan that went as the journal says (without its changes of state)."""
    run = Progress(plan)
    for entry in journal.entries:
        if run.next_step() == entry.step:
            run.record(entry.result)
    return run
