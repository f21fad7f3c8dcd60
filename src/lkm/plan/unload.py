"""The plan for removing one module: its post-softdeps, its holders when wanted, itself, what it alone needed, its
pre-softdeps; softdeps the other way round than they were loaded (kmod: tools/modprobe.c, ``rmmod_do_module``).

The state is looked at once and nothing is imagined: use counts sink while modules go, so a step tells on what
condition it holds (``Remove.when``), and how things stand now (``Remove.users``).
"""

from __future__ import annotations

from lkm.errors import NotFound
from lkm.origin import Origin, Problem
from lkm.plan.resolve import Candidate, World, resolve
from lkm.plan.steps import Command, NotLoaded, Plan, Reason, Remove, Step
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.state.nouns import KernelState, LoadedModule

#: Softdeps that name each other over and over can make a plan grow without end; a real one has a few steps.
MAX_STEPS = 10_000


class RemoveRequest(Record):
    """How to remove. ``ignore_commands`` ignores commands and softdeps; ``ignore_loaded`` plans without a state;
    ``wait``: a use count is no reason to refuse, as it may sink. ``alone``: nothing else is to go, neither softdeps
    nor what it needed.
    """

    word: str
    holders: bool = False
    ignore_commands: bool = False
    ignore_loaded: bool = False
    wait: bool = False
    first_time: bool = False
    alone: bool = False


def plan_unload(target: Candidate, request: RemoveRequest, world: World, state: KernelState) -> Plan:
    """Return the plan for removing one module."""
    walk = _Walk(request, world, state)
    walk.run(target, Reason("asked", request.word, target.origin))
    return Plan(tuple(walk.steps), tuple(walk.problems), request.first_time)


class _Walk:
    """The walk over softdeps. A stack of pending tasks; ``_open`` are the modules whose softdeps are being walked."""

    def __init__(self, request: RemoveRequest, world: World, state: KernelState) -> None:
        self.steps: list[Step] = []
        self.problems: list[Problem] = []
        self._request = request
        self._world = world
        self._loaded: dict[str, LoadedModule] = {m.name: m for m in state.modules}
        self._open: set[tuple[tuple[str, str], bool]] = set()
        self._tasks: list[Callable[[], None]] = []

    def run(self, target: Candidate, asked: Reason) -> None:
        """Fill ``steps``."""
        self._visit(target, asked, required=True, target=True, holders=self._request.holders)
        while self._tasks:
            self._tasks.pop()()

    def _visit(
        self, one: Candidate, reason: Reason, *, required: bool = False, target: bool = False, holders: bool = False
    ) -> None:
        walk = (one.key, holders)
        if walk in self._open:
            return  # kmod goes round for ever
        if len(self.steps) >= MAX_STEPS:
            if not self.problems:
                self.problems.append(Problem(reason.origin, f"softdeps make more than {MAX_STEPS} steps", hint="-i"))
            return
        world, request, module = self._world, self._request, one.module
        command = None if request.ignore_commands else world.command(one, "remove")
        if not command and not request.ignore_loaded:
            builtin = not one.path and world.is_builtin(module)
            if builtin or module not in self._loaded:
                self.steps.append(NotLoaded(module, reason, required, target, builtin))
                return
        softdeps = () if request.ignore_commands or request.alone else world.softdeps(module)
        self._open.add(walk)
        own: list[int] = []
        tasks = [task for s in reversed(softdeps) for task in self._softdeps("post", one, s.post, s.origin)]
        if holders:
            tasks += self._holders(one)
        if command:
            step = Command(module, reason, required, target, "remove", command.command, "", command.origin)
            tasks += [lambda: own.append(len(self.steps)), lambda: self.steps.append(step)]
        else:
            tasks += [lambda: own.append(len(self.steps)), lambda: self._remove(one, reason, required, target)]
        tasks += [task for s in reversed(softdeps) for task in self._softdeps("pre", one, s.pre, s.origin)]
        tasks.append(lambda: self._close(walk, own[0]))
        self._tasks += reversed(tasks)

    def _close(self, walk: tuple[tuple[str, str], bool], at: int) -> None:
        """End a visit whose own step is at ``at``: all after it depends on it."""
        self._open.discard(walk)
        step, sequel = self.steps[at], len(self.steps) - at - 1
        if sequel and isinstance(step, (Command, Remove)):
            self.steps[at] = step._replace(sequel=sequel)

    def _remove(self, one: Candidate, reason: Reason, required: bool, target: bool) -> None:
        """Plan the module itself and, on the condition that nothing else uses them, all it depends on."""
        when = "always" if self._request.wait or self._request.ignore_loaded else "idle"
        self.steps.append(Remove(one.module, reason, required, target, when, self._users(one.module)))
        if self._request.alone:
            return
        try:
            needs = self._world.needs(one)
        except NotFound as error:
            where = Origin(f"{self._world.directory}/modules.dep")
            self.problems.append(Problem(where, str(error), hint=error.hint))
            return
        for need in needs:
            if need.module in self._loaded:
                why = Reason("unneeded", one.module, need.origin)
                self.steps.append(Remove(need.module, why, False, False, "unused", self._users(need.module)))

    def _users(self, module: str) -> int:
        found = self._loaded.get(module)
        return found.refcount if found else 0

    def _softdeps(
        self, kind: str, one: Candidate, names: tuple[str, ...], origin: Origin
    ) -> list[Callable[[], None]]:
        why = Reason(kind, one.module, origin)
        found = [candidate for name in names for candidate in resolve(name, self._world)]
        return [lambda c=c: self._visit(c, why) for c in reversed(found)]  # type: ignore[misc]

    def _holders(self, one: Candidate) -> list[Callable[[], None]]:
        held = self._loaded.get(one.module)
        why = Reason("holder", one.module, Origin("/proc/modules"))
        tasks: list[Callable[[], None]] = []
        for name in held.holders if held else ():
            holder = Candidate(name, "", why.origin)
            tasks.append(lambda holder=holder: self._visit(holder, why, required=True))  # type: ignore[misc]
        return tasks
