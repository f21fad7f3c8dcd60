"""What ``modprobe`` does once its arguments are understood: resolve, plan, then print the plan or follow it."""

from __future__ import annotations

import errno
import os
import sys

from lkm.cli import messages
from lkm.cli.kernels import for_commands, open_kernel
from lkm.errors import MachineError, NotFound
from lkm.kernel.interface import Refused
from lkm.kernel.linux import LinuxKernel
from lkm.plan.load import Request, plan_load
from lkm.plan.progress import Entry, Ran, Skipped, foresee
from lkm.plan.resolve import from_path, resolve
from lkm.plan.steps import Blacklisted, Command, NotLoaded, Remove
from lkm.report.plan import action_line
from lkm.state.nouns import KernelState
from lkm.system.world import open_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.cli.failure import Explainer
    from lkm.cli.messages import Messages
    from lkm.cli.modprobe import Choices
    from lkm.diagnose.finding import Finding
    from lkm.manager.explainer import Told
    from lkm.origin import Problem
    from lkm.plan.progress import Journal
    from lkm.plan.resolve import Candidate
    from lkm.plan.steps import Plan, Step
    from lkm.state.users import Uses
    from lkm.system.follow import Driver
    from lkm.system.interrupts import Interrupts


class GiveUp(Exception):
    """A fatal message was said: nothing more is done."""


class Session:
    """One call of modprobe. ``out`` is what stdout gets, written when it must be and at the end.

    ``entries`` are those of the plan that is being followed, ``findings`` are why it failed, ``uses`` who kept a
    module that was to go.
    ``commands_to_stderr``: that is where commands print.
    """

    commands_to_stderr = False

    def __init__(self, choices: Choices, say: Messages) -> None:
        self.choices = choices
        self.say = say
        self.out: list[str] = []
        self.kernel = open_kernel(LinuxKernel)
        self.root = choices.values.get("dirname", "") or self.kernel.root()
        self.world, self.index = open_world(
            self.root,
            choices.values.get("set-version", "") or self.kernel.release(),
            tuple(choices.configs),
            "" if choices.has("no-cmdline") else self.kernel.cmdline(),
            tuple(choices.extra_roots),
        )
        for problem in self.world.settings.problems:
            # Kernels come with odd softdeps, which nobody here can mend.
            theirs = problem.origin.file.startswith(tuple([f"{d}/" for d in self.index.directories]))
            self.say.problem(messages.INFO if theirs else messages.WARNING, problem)
        self._told: set[Problem] = set()
        self._unwritten: OSError | None = None
        self.entries: list[Entry] = []
        self.findings: tuple[Finding, ...] = ()
        self.uses: Uses | None = None
        self._explainer: Explainer | None = None
        self._operands: tuple[str, ...] = ()

    def run(self, operands: list[str]) -> int:
        """Do it for all operands; return the exit status."""
        self._operands = tuple(operands)
        try:
            if self.choices.removes:
                return max([self._remove(word) for word in operands])
            return self._load_all(operands)
        except GiveUp:
            return 1
        finally:
            self.flush()
            if self._unwritten:
                raise self._unwritten

    def _load_all(self, operands: list[str]) -> int:
        requests = [(word, "") for word in operands]
        if not self.choices.has("all"):
            requests = [(operands[0], _text_of(operands[1:]))]
        if self.choices.dry or self.choices.has("show-alias"):
            return max([self._load(*request) for request in requests])
        from lkm.system.interrupts import Interrupted

        try:
            return max([self._load(*request) for request in requests])
        except Interrupted as signal:
            return 128 + signal.number

    def note(self, word: str, candidate: Candidate | None = None, plan: Plan | None = None) -> None:
        """Take down what came of a word, or of one module that it means, as ``entries`` has it (--json)."""

    def note_undone(self, entries: tuple[Entry, ...], signal: int) -> None:
        """Take down what was removed again, and the signal that was caught, for what was noted last (--json)."""

    def flush(self) -> None:
        """Write what is to be printed. A request that is half done goes on when that fails: it is told at the end."""
        text = "".join(self.out)
        self.out.clear()
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
        except OSError as error:
            self._unwritten = error

    def _because(self, word: str, said: str, ask: Callable[[Explainer], Told]) -> tuple[str, ...]:
        """Return lines that explain a failure of ``word``, which was told by what is ``said``; none for nobody."""
        incident = self.choices.values.get("incident", "")
        if not self.say.explains and not incident:
            return ()
        if self._explainer is None:
            from lkm.cli.failure import Explainer

            self._explainer = Explainer(
                self.say,
                self.kernel,
                self.world.directory,
                index=self.index,
                settings=self.world.settings,
                incident=incident,
                arguments=self._operands,
                verbose=self.say.priority > messages.WARNING,
            )
        told = ask(self._explainer)
        self.findings = told.findings
        self.uses = told.uses or self.uses
        return (*told.lines, self._explainer.keep(word, said, told.evidence))

    def _why(self, word: str, said: str, entry: Entry, alias: str = "") -> tuple[str, ...]:
        return self._because(word, said, lambda explainer: explainer.entry(entry, alias=alias))

    def _not_found(self, word: str, said: str) -> None:
        """Say that a word means nothing, and why."""
        self._new_problems()
        self.findings = ()
        lines = self._because(word, said, lambda explainer: explainer.absence(word))
        self.note(word)
        self._fatal(said, (*lines, *[f"nor is it in {directory}" for directory in self.index.directories[1:]]))

    def _fatal(self, text: str, details: tuple[str, ...] = ()) -> None:
        """Say why this cannot be done; that ends all, except with -a, and with -q, when it cannot be said."""
        if self.choices.has("all"):
            self.say.warning(text)
            self.say.detail(*details)
            return
        self.say.fatal(text)
        self.say.detail(*details)
        if self.say.priority >= messages.CRIT:
            raise GiveUp

    def _new_problems(self, problems: tuple[Problem, ...] = ()) -> None:
        for problem in (*self.world.problems, *problems):
            if problem not in self._told:
                self._told.add(problem)
                self.say.problem(messages.WARNING, problem)

    def _driver(self, interrupts: Interrupts | None = None) -> Driver:
        from lkm.system.follow import Driver

        environment = for_commands()
        if self.choices.inherited:
            environment["MODPROBE_OPTIONS"] = self.choices.inherited
        return Driver(
            self.kernel,
            flags=self.choices.flags,
            force=self.choices.has("force"),
            wait=self.choices.wait,
            environment=environment,
            before=self._about_to,
            after=self._after,
            interrupts=interrupts,
            to_stderr=self.commands_to_stderr,
        )

    def _after(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._complain(entry)

    def _about_to(self, step: Step) -> None:
        if self.choices.shows:
            self.out.append(action_line(step))
        if isinstance(step, Command):
            self.flush()

    def _state(self) -> KernelState:
        try:
            return self.kernel.state()
        except MachineError:
            return KernelState()  # as Driver.state, which a dry run need not import

    # Loading

    def _load(self, word: str, options: str) -> int:
        """Load all that a word means. The status is 1 when one of them failed (kmod's: when the last did)."""
        try:
            if word.startswith(("/", "./")):
                candidates: tuple[Candidate, ...] = (from_path(word, self.world),)
            else:
                candidates = resolve(word, self.world)
        except NotFound as error:
            self.note(word)
            self._fatal(f"Failed to get module from path {word}: {error.what}")
            return 1
        if not candidates:
            self._not_found(word, f"Module {word} not found in directory {self.world.directory}")
            return 1
        if self.choices.has("show-alias"):
            for candidate in candidates:
                self.note(word, candidate)
            self.out += [f"{candidate.module}\n" for candidate in candidates]
            return 0
        return self.combined([self._load_one(candidate, word, options) for candidate in candidates])

    def combined(self, states: list[int]) -> int:
        """Return the status of an alias from those of its modules (the oracle tests put kmod's rule here)."""
        return max(states)

    def _load_one(self, candidate: Candidate, word: str, options: str) -> int:
        has = self.choices.has
        request = Request(
            word,
            options,
            ignore_commands=has("ignore-install"),
            ignore_loaded=has("show-depends"),
            use_blacklist=has("use-blacklist"),
            first_time=has("first-time") and not has("show-depends"),
            override_forbid=has("override-forbid"),
        )
        state = KernelState() if request.ignore_loaded else self._state()
        plan = plan_load(candidate, request, self.world, state)
        self._new_problems(plan.problems)
        self._begin()
        for step in plan.steps:
            if isinstance(step, Blacklisted):
                line = f"Module {step.module} is blacklisted, and not loaded: {step.origin}"
                self.say.warning(line)
                if self.say.heard is not None:  # it is no failure, so nothing more is said
                    self._why(word, line, Entry(step, Skipped("blacklisted")), candidate.alias)
        if self.choices.dry:
            status = self._failed(candidate, word, self._print(plan))
            self.note(word, candidate, plan)
            return status
        from lkm.system.interrupts import Interrupts, name_of

        with Interrupts() as interrupts:
            driver = self._driver(interrupts)
            journal = driver.follow(plan, state)
            if interrupts.caught:
                self.say.error(f"loading '{candidate.module}' was ended by {name_of(interrupts.caught)}")
                status = 1
            else:
                status = self._failed(candidate, word, journal.failure)
            self.note(word, candidate, plan)
            undone = () if not status or has("keep-partial") else self._undo(driver, journal, word, state)
            self.note_undone(undone, interrupts.caught)
        if has("autoclean") and not status:
            from lkm.cli.autoclean_sweep import mark

            mark(self.kernel, self.say, word, journal.entries, state)
        return status

    def _begin(self) -> None:
        self.entries, self.findings, self.uses = [], (), None

    def _failed(self, candidate: Candidate, word: str, failure: Entry | None) -> int:
        """Say why a load failed, if one did; return the status."""
        if failure is None:
            return 0
        from lkm.report.refusal import modprobe_text

        line = f"could not insert '{candidate.module}': {modprobe_text(failure.errno, os.strerror)}"
        self.say.error(line)
        self.say.detail(*self._why(word, line, failure, candidate.alias))
        return 1

    def _undo(self, driver: Driver, journal: Journal, word: str, before: KernelState) -> tuple[Entry, ...]:
        """Take out again what a failed request loaded, and say so."""
        if any(isinstance(entry.result, Ran) and not entry.errno for entry in journal.entries):
            self.say.detail("what install commands did cannot be undone")
        from lkm.report.undo import undone

        entries = driver.undo(journal, word, before).entries
        self.say.detail(*undone(entries, word))
        return entries

    # Removing

    def _remove(self, word: str) -> int:
        candidates = resolve(word, self.world)
        if not candidates:
            self._not_found(word, f"Module {word} not found.")
            return 1
        for candidate in candidates:
            if self._remove_one(candidate, word):
                return 1
        return 0

    def sweep(self) -> int:
        """Remove what is idle and was marked for that, as one sweep of autoclean; return the exit status."""
        from lkm.cli.autoclean_sweep import sweep_now

        status, removed = sweep_now(self.kernel, self.say, self.world, self._driver(), dry=self.choices.dry)
        if self.choices.dry and self.choices.shows:
            self.out += [f"rmmod {name}\n" for name in removed]
        self.flush()
        return status

    def _remove_one(self, candidate: Candidate, word: str) -> int:
        from lkm.plan.unload import RemoveRequest, plan_unload

        has = self.choices.has
        request = RemoveRequest(
            word,
            holders=has("remove-holders"),
            ignore_commands=has("ignore-install"),
            ignore_loaded=has("show-depends"),
            wait=self.choices.wait > 0,
            first_time=has("first-time"),
        )
        state = self._state()
        plan = plan_unload(candidate, request, self.world, state)
        self._new_problems(plan.problems)
        self._begin()
        try:
            failure = self._print(plan) if self.choices.dry else self._driver().follow(plan, state).failure
        finally:
            self.note(word, candidate, plan)
        return 0 if failure is None else 1

    # Both

    def _print(self, plan: Plan) -> Entry | None:
        """Print the plan, as far as it would get; return the entry that would end it."""
        builtins = self.choices.has("show-depends")
        for entry in foresee(plan):
            self.entries.append(entry)
            if entry.errno:
                self._complain(entry)
                if entry.step.required:
                    return entry
            elif self.choices.shows and not (
                isinstance(entry.step, (Command, Remove)) and isinstance(entry.result, Skipped)
            ):
                self.out.append(action_line(entry.step, builtins=builtins))
        return None

    def _complain(self, entry: Entry) -> None:
        """Say what went wrong with one step, as far as that is not said of the whole plan later."""
        step, result = entry.step, entry.result
        if not entry.errno:
            return
        if isinstance(step, Command) and isinstance(result, Ran) and step.kind == "install":
            what = f"Error running install command '{step.line}' for module {step.module}"
            self.say.error(f"{what}: retcode {result.status}")
        elif isinstance(step, NotLoaded):
            self._kept(entry, f"Module {step.module} is {'builtin' if step.builtin else 'not in kernel'}.")
        elif isinstance(step, Command):
            self._kept(entry, f"Error running remove command for {step.module}")
        elif isinstance(step, Remove) and isinstance(result, Refused):
            if result.call:
                line = f"could not remove '{step.module}': {os.strerror(result.errno)}"
                self.say.error(line)
                self.say.detail(*self._why(step.module, line, entry))
            else:
                state = "not in kernel" if result.errno == errno.ENOENT else "in use"
                self._kept(entry, f"Module {step.module} is {state}.")

    def _kept(self, entry: Entry, line: str) -> None:
        """Say why a module is not removed, where that ends all."""
        self._fatal(line, self._why(entry.step.module, line, entry))


def _text_of(parameters: list[str]) -> str:
    if not parameters:
        return ""
    from lkm.config.parameters import joined

    return joined(parameters)
