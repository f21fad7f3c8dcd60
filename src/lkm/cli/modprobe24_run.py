"""What 2.4's ``modprobe`` does once its arguments are understood: plan, then print the plan or follow it."""

from __future__ import annotations

import os

from lkm.cli import insmod24, rmmod24, voice24
from lkm.cli.audit24 import Changes
from lkm.cli.depmod24 import caret
from lkm.cli.kernels import for_commands
from lkm.cli.modprobe24 import groups, write
from lkm.cli.options import parse
from lkm.errors import LkmError, UsageError
from lkm.formats.source import BytesSource
from lkm.index.dep24 import parse_dep
from lkm.kernel.sim.rules24 import find, idle
from lkm.modfile.object24 import read24
from lkm.plan.progress import Ran
from lkm.plan.progress24 import Entry24, Progress24, foresee24
from lkm.plan.stack24 import Insert24, Off, Request24, Tree24, plan_autoclean24, plan_load24, plan_remove24
from lkm.plan.steps import Absent, Command, Insert, NotLoaded, Remove
from lkm.report import modprobe24 as words
from lkm.system.conf24 import RootFiles, newest, open_conf, read_set_file
from lkm.system.files import read_bytes
from lkm.system.processes import run_shell
from lkm.system.tree24 import find_objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel24 import Kernel24
    from lkm.plan.steps import Plan, Step


class Run:
    """One run of modprobe. ``literal``: in safe mode, where names are no patterns and have no parameters."""

    def __init__(self, kernel: Kernel24, given: dict[str, str], *, literal: bool = False) -> None:
        self.kernel = kernel
        self.given = given
        self.literal = literal
        self.quiet = "quiet" in given or "autoclean" in given
        self.files = RootFiles(kernel.root())
        by_kernel = literal or "autoclean" in given
        self.conf = open_conf(
            kernel.root(), kernel.release(), os.environ, given.get("config", ""), by_kernel=by_kernel
        )
        self.tree = Tree24(self.conf, (), {}, self.conf.file("depfile"))

    def say(self, *lines: str) -> None:
        """Say lines."""
        voice24.put("modprobe", *lines, to_syslog="syslog" in self.given)

    def run(self, operands: list[str]) -> int:
        """Do it; return the exit status."""
        for problem in self.conf.problems:
            self.say(str(problem), *caret(problem.text, problem.column, problem.hint))
        if "showconfig" in self.given:
            write(words.config_text(self.conf, self.kernel.release()))
            return 0
        files = find_objects(self.kernel.root(), [path.path for path in self.conf.paths], self.conf.prune)
        self.tree = self.tree._replace(files=files)
        kind = self.given.get("type", "")
        if "list" in self.given:
            found = self.tree.matching(operands[0] if operands else "*", kind)
            write("".join([f"{path}\n" for path in found]))
            return 0
        if not self._dependencies():
            return 1
        if "remove" in self.given:
            return max([self._remove(name) for name in operands]) if operands else self._autoclean()
        try:
            wanted = groups(operands or (["*"] if kind else []), literal=self.literal)
        except UsageError as error:
            self.say(error.what)
            return 1
        if not wanted:
            self.say("modprobe: Nothing to load ???", "  Specify at least a module or a wildcard like \\*")
            return 1
        return max([self._load(name, options) for name, options in wanted])

    def _dependencies(self) -> bool:
        path = self.conf.file("depfile")
        text = read_set_file(self.files, path)
        if text is None:
            self.say(*words.no_dependencies(path, self.kernel.release()))
            return False
        needs, problems = parse_dep(text, path)
        self.tree = self.tree._replace(needs=needs)
        for problem in problems:
            self.say(str(problem), *caret(problem.text, problem.column, problem.hint))
        newer, changed = newest(self.files, self.conf.read)
        if changed > newest(self.files, (path,))[1] and not self.quiet:
            self.say(words.is_stale(newer, path))
        return True

    def _loaded(self) -> frozenset[str]:
        return frozenset([module.name for module in self.kernel.modules24()])

    # Loading

    def _load(self, name: str, options: tuple[str, ...]) -> int:
        flags = tuple([flag for key, flag in (("quiet", "-q"), ("syslog", "-s")) if key in self.given])
        flags = ("-q", *flags) if self.quiet and "-q" not in flags else flags
        request = Request24(
            options, flags, "autoclean" in self.given, self.given.get("type", ""), "all" in self.given
        )
        loaded = self._loaded()
        plan = plan_load24(name, request, self.tree, loaded, literal=self.literal)
        self.say(*[str(problem) for problem in plan.problems])
        return self._carry_out(plan, loaded, name)

    def _insmod(self, step: Insert, asked: str) -> int:
        place = self.files.place(step.path)
        flags = [*(step.flags if isinstance(step, Insert24) else ()), "-o", step.module]
        try:
            options, _ = parse(insmod24.OPTIONS, [str(flag) for flag in flags])
            module = read24(BytesSource(read_bytes(place), step.path))
        except LkmError as error:
            self.say(f"modprobe: {error}", *words.insmod_failed(step.path, asked))
            return 1
        # Somebody else may load it at the same time: then it is there, which is what was wanted.
        run = insmod24.Insertion(self.kernel, [*options, ("lock", "")], step.path)
        run.file = step.path
        status = insmod24.insert(run, place, module, insmod24.words_of(step.options))
        if status:
            self.say(*words.insmod_failed(step.path, asked))
        return status

    # Removing

    def _remove(self, name: str) -> int:
        held = {module.name: module.holders for module in self.kernel.modules24()}
        plan = plan_remove24(name, self.tree, held)
        return self._carry_out(plan, frozenset(held), name)

    def _autoclean(self) -> int:
        """Remove what was idle since the last time, with its commands, and tag what is idle now."""
        done: set[str] = set()
        while names := [name for name in idle(self.kernel.modules24()) if name not in done]:
            done.update(names)
            self._carry_out(plan_autoclean24(names, self.tree), self._loaded(), "")
        if "show" not in self.given:
            with Changes(self.kernel).change(sweeps=True):
                self.kernel.delete_module(None)
        return 0

    def _delete(self, step: Remove) -> int:
        """Remove a module; one that others still use is left in, in silence, unless it was asked for."""
        module = find(self.kernel.modules24(), step.module)
        if module is None or (step.when == "unused" and (module.holders or module.in_use)):
            return 0
        given = {key for key in ("syslog",) if key in self.given}
        return rmmod24.remove(self.kernel, step.module, given)

    # Both

    def _carry_out(self, plan: Plan, loaded: frozenset[str], asked: str) -> int:
        if "debug" in self.given:
            write(words.stack(plan.steps))
        if "show" in self.given:
            run = foresee24(plan, loaded)
            write("".join([words.action(e.step) for e in run.entries if isinstance(e.result, Ran) and not e.failed]))
            for entry in run.entries:
                if entry.failed:
                    self._complain(entry, asked)
            return 0 if run.succeeded else 1
        run = Progress24(plan, loaded)
        told = 0
        while True:
            step = run.next_step()
            for entry in run.entries[told:]:
                told += 1
                if entry.failed:
                    self._complain(entry, asked)
            if step is None:
                left = self._loaded()
                self.say(*words.undone([entry.step for entry in run.entries if entry.step.module not in left]))
                return 0 if run.succeeded else 1
            if "verbose" in self.given:
                write(words.action(step))
            run.record(Ran(self._do(step, asked)), self._loaded())

    def _do(self, step: Step, asked: str) -> int:
        if isinstance(step, Insert):
            return self._insmod(step, asked)
        if isinstance(step, Remove):
            return self._delete(step)
        assert isinstance(step, Command)
        return run_shell(step.line, {**dict(self.conf.defines), **for_commands()})

    def _complain(self, entry: Entry24, asked: str) -> None:
        """Say what went wrong with a step, where nobody has said it yet."""
        step = entry.step
        if isinstance(step, Absent):
            name = asked if step.target else str(step.module)
            self.say(*words.cannot_locate(step, name, self.tree))
        elif isinstance(step, Off):
            self.say(*words.is_off(step, asked if step.target else str(step.module)))
        elif isinstance(step, NotLoaded):
            self.say(*words.not_loaded(str(step.module)))
        elif isinstance(step, Command) and isinstance(entry.result, Ran):
            self.say(*words.command_failed(step, entry.result.status))
