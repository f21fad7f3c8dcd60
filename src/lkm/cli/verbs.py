"""What ``lkm load``, ``lkm unload`` and ``lkm info`` have in common: their world, their voice, their exit status."""

from __future__ import annotations

import os
import sys

from lkm.cli import messages
from lkm.cli.kernels import may_change, of_today, open_kernel
from lkm.cli.messages import Messages
from lkm.cli.modprobe_world import open_world
from lkm.cli.options import Option
from lkm.cli.standard import CLASSIC, HELP, INCIDENT, JSON, VERSION, understand
from lkm.errors import UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.report import causes, document
from lkm.report.document import Attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.cli.failure import Explainer, Told
    from lkm.origin import Problem
    from lkm.plan.progress import Entry
    from lkm.report.document import Object
    from lkm.state.nouns import KernelState, LoadedModule

COMMON = (
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("", "extra-root", "ROOT", "take modules below this root too, the last first; may be repeated"),
    Option("C", "config", "PATH", "read this file or directory, not the usual ones; may be repeated"),
    Option("", "no-cmdline", "", "do not read the kernel command line"),
    JSON,
    Option("q", "quiet", "", "say nothing but errors"),
    VERSION,
    HELP,
)
#: Of those that change something.
FAILURE = (Option("v", "verbose", "", "of what fails, say all that is known"), CLASSIC, INCIDENT)
USAGE_STATUS = causes.status("usage")


class Verb:
    """One call. ``attempts`` are what came of it so far, ``given`` its options; with ``json`` nothing is printed.

    In a dry run ``imagined`` is the state after the requests so far. ``unwritten`` is why something could not be
    printed: no reason to leave a request half done.
    """

    def __init__(
        self, name: str, options: Sequence[tuple[str, str]], say: Messages, operands: Sequence[str] = ()
    ) -> None:
        """Raises LkmError when there is no such kernel."""
        self._operands = tuple(operands)
        self._explainer: Explainer | None = None
        self.name = name
        self.say = say
        self.given = dict(options)
        self.json = "json" in self.given
        self.signal = 0
        self.unwritten: OSError | None = None
        self.imagined: KernelState | None = None
        self.attempts: list[Attempt] = []
        self.kernel = open_kernel(LinuxKernel)
        self.root = self.given.get("dirname", "") or self.kernel.root()
        configs = tuple([value for key, value in options if key == "config"])
        extra_roots = tuple([value for key, value in options if key == "extra-root"])
        self.world, self.index = open_world(
            self.root,
            self.given.get("set-version", "") or self.kernel.release(),
            configs,
            "" if "no-cmdline" in self.given else self.kernel.cmdline(),
            extra_roots,
        )
        self._told: set[Problem] = set()
        for problem in self.world.settings.problems:
            if not problem.origin.file.startswith(tuple([f"{d}/" for d in self.index.directories])):
                self.say.problem(messages.WARNING, problem)
        self.environment = inherited(configs, extra_roots, no_cmdline="no-cmdline" in self.given)

    def print(self, text: str) -> None:
        """Print text for people: with its end, or nothing when it is empty."""
        if text and not self.json and "quiet" not in self.given:
            try:
                sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
                sys.stdout.buffer.flush()
            except OSError as error:
                self.unwritten = error

    def problems(self, problems: Sequence[Problem] = ()) -> None:
        """Say what was wrong in indexes, or in planning, once each."""
        for problem in (*self.world.problems, *problems):
            if problem not in self._told:
                self._told.add(problem)
                self.say.problem(messages.WARNING, problem)

    @property
    def explainer(self) -> Explainer:
        """Return who explains what fails. It is always asked, as the exit status tells the cause."""
        if self._explainer is None:
            from lkm.cli.failure import Explainer

            self._explainer = Explainer(
                self.say,
                self.kernel,
                self.world.directory,
                index=self.index,
                settings=self.world.settings,
                incident=self.given.get("incident", ""),
                arguments=self._operands,
                verbose="verbose" in self.given,
            )
        return self._explainer

    def not_found(self, word: str, text: str, *lines: str) -> None:
        """Say that a word means nothing; ``lines`` say why, or else it is looked up."""
        self.problems()
        self.say.error(text)
        attempt = Attempt(word, "not-found")
        if not lines:
            told = self.explainer.absence(word)
            lines = (*told.lines, self.explainer.keep(word, text, told))
            attempt = attempt._replace(findings=told.findings)
        self.say.detail(*lines)
        self.attempts.append(attempt)

    def failed(
        self, attempt: Attempt, text: str, entry: Entry, *more: str, told: Told, module: LoadedModule | None = None
    ) -> None:
        """Say why the entry that ended a plan failed, and keep the attempt; ``more`` lines come after that.

        ``module`` is what was to be removed, as it is.
        """
        cause = causes.cause_of(entry, privileged=self.privileged, module=module, findings=told.findings)
        self.fail(attempt._replace(cause=cause, findings=told.findings, uses=told.uses), text, *more, told=told)

    def fail(self, attempt: Attempt, text: str, *more: str, told: Told | None = None) -> None:
        """Say why nothing came of an attempt, and keep it."""
        said = text if attempt.cause == "failed" else f"{text}: {causes.CAUSES[attempt.cause][1]}"
        self.say.error(said)
        if told:
            self.say.detail(*told.lines)
        self.say.detail(*more)
        if told:
            self.say.detail(self.explainer.keep(attempt.word, said, told))
        if attempt.cause == "permission":
            self.say.detail(f"`sudo lkm {self.name} {attempt.word}`")
        self.attempts.append(attempt)

    @property
    def privileged(self) -> bool:
        """Tell whether the caller may load and remove."""
        return may_change(self.kernel)

    @property
    def cause(self) -> str:
        """Return the first cause that is not ``done``; an alias with one module loaded is done, blacklist or not."""
        if self.signal:
            return "interrupted"
        for attempt in self.attempts:
            if attempt.cause == "blacklisted" and any(a.cause == "done" for a in self._same(attempt)):
                continue
            if attempt.cause != "done":
                return attempt.cause
        return "done"

    def _same(self, attempt: Attempt) -> list[Attempt]:
        return [other for other in self.attempts if other.word == attempt.word]

    def status(self) -> int:
        """Return the exit status."""
        return 128 + self.signal if self.signal else causes.status(self.cause)

    def fields(self) -> Object:
        """Return what the JSON object has of it."""
        return {"cause": self.cause, "requests": [document.attempt(one, os.strerror) for one in self.attempts]}


def inherited(configs: Sequence[str], extra_roots: Sequence[str] = (), *, no_cmdline: bool) -> dict[str, str]:
    """Return what commands of the configuration get, so that their own modprobe reads the same."""
    words = [os.environ.get("MODPROBE_OPTIONS", "")]
    words += [f"-C {value}" for value in configs] + [f"--extra-root {value}" for value in extra_roots]
    text = " ".join(" ".join([*words, "--no-cmdline" if no_cmdline else ""]).split())
    return {"MODPROBE_OPTIONS": text} if text else {}


def main(
    name: str, usage: str, table: tuple[Option, ...], argv: list[str], work: Callable[[Verb, list[str], Object], int]
) -> int:
    """Understand a verb's arguments (without its name), and do the work; return the exit status."""
    understood = understand(f"lkm {name}", usage, table, argv)
    if isinstance(understood, int):
        return USAGE_STATUS if understood else 0
    options, operands = understood
    say = Messages(f"lkm {name}")
    if ("quiet", "") in options:
        say.priority = messages.ERR
    say.classic = ("classic", "") in options or ("quiet", "") in options

    def run(fields: Object) -> int:
        try:
            if not operands:
                raise UsageError("name a module, an alias or a file", hint=f"`lkm {name} --help` tells more")
            of_today()
            verb = Verb(name, options, say, operands)
            try:
                status = work(verb, operands, fields)
            except KeyboardInterrupt:  # while removing, or between requests
                verb.signal = 2
                fields |= {"cause": verb.cause} if name in ("info", "show") else verb.fields()
                return verb.status()
            if verb.unwritten:
                raise verb.unwritten
            return status
        except UsageError as error:
            say.error(error.what)
            say.detail(error.hint)
            fields["cause"] = "usage"
            return USAGE_STATUS

    if ("json", "") not in options:
        return run({})
    from lkm.cli.answer import answer

    return answer(name, say, run)
