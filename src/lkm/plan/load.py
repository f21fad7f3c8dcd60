"""The plan for loading one module: what it needs, with softdeps around each, then the module itself.

Order and rules are kmod's (libkmod-module.c: ``kmod_module_get_probe_list``, ``kmod_module_probe_insert_module``):

- each dependency stands between its own softdeps; softdeps bring their dependencies with them, and errors of
  theirs end nothing;
- a module that is walked into for a second time (as the target or a softdep) is passed over, so loops end; as a
  dependency it is named again, which then finds it loaded;
- a module with softdeps is loaded by itself: its ``install`` command is not run, as kmod has it;
- with ``ignore_commands`` commands and softdeps of the target (not those of others) are ignored.
"""

from __future__ import annotations

from lkm.errors import NotFound
from lkm.origin import Origin, Problem
from lkm.plan.resolve import Candidate, World, resolve
from lkm.plan.steps import Absent, Blacklisted, Builtin, Command, Insert, Loaded, Plan, Reason, Step
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.names import ModuleName
    from lkm.state.nouns import KernelState


class Request(Record):
    """How to load: ``options`` are the user's own, for the target alone; ``word`` is what the user typed.

    ``ignore_loaded`` plans as for an empty kernel; ``use_blacklist`` holds for names too, as
    it always does for aliases.
    """

    word: str
    options: str = ""
    ignore_commands: bool = False
    ignore_loaded: bool = False
    use_blacklist: bool = False
    first_time: bool = False


def plan_load(target: Candidate, request: Request, world: World, state: KernelState) -> Plan:
    """Return the plan for one module. It ends at the target when that is loaded and this is to be the first time."""
    asked = Reason("asked", request.word, target.origin)
    rule = world.blacklisted(target.module) if request.use_blacklist or target.alias else None
    if rule:
        return Plan((Blacklisted(target.module, asked, True, True, rule.origin),), (), request.first_time)
    walk = _Walk(world)
    walk.run(target, asked, ignore_commands=request.ignore_commands)
    live = set() if request.ignore_loaded else {m.name for m in state.modules if m.state == "Live"}
    steps: list[Step] = []
    for candidate, reason in walk.found:
        step = _step(candidate, reason, walk, request, live, candidate.key == target.key)
        steps.append(step)
        if request.first_time and step.target and _nothing_to_do(step, request):
            break
    return Plan(tuple(steps), tuple(walk.problems), request.first_time)


def _nothing_to_do(step: Step, request: Request) -> bool:
    return isinstance(step, (Loaded, Builtin)) and not request.ignore_loaded


def _step(
    candidate: Candidate, reason: Reason, walk: _Walk, request: Request, live: set[ModuleName], is_target: bool
) -> Step:
    world = walk.world
    module = candidate.module
    base = (module, reason, candidate.key in walk.required, is_target)
    builtin = not _is_file(candidate, reason) and world.is_builtin(module)
    if builtin and not request.ignore_loaded:
        return Builtin(*base)
    if module in live:
        return Loaded(*base)
    options = world.options(candidate)
    if options or (is_target and request.options):
        options = _concat(options, request.options if is_target else "")
    command = None if walk.ignores[candidate.key] else world.command(module, "install")
    if command:
        return Command(*base, "install", command.command, options, command.origin)
    path = world.path(candidate)
    if path:
        return Insert(*base, path, options)
    return Builtin(*base) if builtin else Absent(*base)


def _is_file(candidate: Candidate, reason: Reason) -> bool:
    """Tell whether the candidate was found as a file, which no built-in is (kmod: ``kmod_module_new_from_path``)."""
    return bool(candidate.path) or reason.kind == "dependency"


def _concat(configured: str, given: str) -> str:
    """Return both options; configured ones always have a blank after them (kmod: ``module_options_concat``)."""
    return f"{configured} {given}" if configured else given


class _Walk:
    """The walk through dependencies and softdeps. A stack of pending tasks, so that no chain is too deep."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.found: list[tuple[Candidate, Reason]] = []
        self.required: set[tuple[str, str]] = set()
        self.ignores: dict[tuple[str, str], bool] = {}
        self.problems: list[Problem] = []
        self._visited: set[tuple[str, str]] = set()
        self._tasks: list[Callable[[], None]] = []

    def run(self, target: Candidate, asked: Reason, *, ignore_commands: bool) -> None:
        """Fill ``found`` with what to load, in order."""
        self._probe(target, asked, is_target=True, ignore_commands=ignore_commands)
        while self._tasks:
            self._tasks.pop()()

    def _probe(
        self, one: Candidate, reason: Reason, *, is_target: bool = False, ignore_commands: bool = False
    ) -> None:
        """Plan a target or a softdep: first what it depends on, then itself."""
        if one.key in self._visited:
            return
        self._visited.add(one.key)
        try:
            needs = self.world.needs(one)
        except NotFound as error:
            # kmod then goes on as if the module had no dependencies at all.
            self.problems.append(Problem(Origin(f"{self.world.directory}/modules.dep"), str(error), hint=error.hint))
            needs = []
        if is_target:
            self.required.update([one.key, *[n.key for n in needs]])
        if ignore_commands:
            self._tasks.append(lambda: self._emit(one, reason, ignores=True))
        else:
            self._tasks.append(lambda: self._surround(one, reason))
        for need in reversed(needs):
            why = Reason("dependency", one.module, need.origin)
            self._tasks.append(lambda need=need, why=why: self._surround(need, why))  # type: ignore[misc]

    def _surround(self, one: Candidate, reason: Reason) -> None:
        """Plan one module between its softdeps."""
        softdep = self.world.softdep(one.module)
        pre = self._softdeps("pre", one, softdep.pre, softdep.origin) if softdep else []
        post = self._softdeps("post", one, softdep.post, softdep.origin) if softdep else []
        self._tasks += reversed(post)
        # kmod: __kmod_module_fill_softdep sets ignorecmd for any module with softdeps.
        self._tasks.append(lambda: self._emit(one, reason, ignores=bool(pre or post)))
        self._tasks += reversed(pre)

    def _softdeps(
        self, kind: str, one: Candidate, names: tuple[str, ...], origin: Origin
    ) -> list[Callable[[], None]]:
        tasks: list[Callable[[], None]] = []
        why = Reason(kind, one.module, origin)
        for name in names:
            for found in resolve(name, self.world):
                tasks.append(lambda found=found: self._probe(found, why))  # type: ignore[misc]
        return tasks

    def _emit(self, one: Candidate, reason: Reason, *, ignores: bool) -> None:
        self.ignores[one.key] = ignores
        self.found.append((one, reason))
