"""What ``lkm load``, ``lkm unload`` and ``lkm info`` have in common: their world, their voice, their exit status."""

from __future__ import annotations

import os
import sys

from lkm.cli import messages
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.messages import Messages
from lkm.cli.options import Option
from lkm.cli.standard import CLASSIC, HELP, INCIDENT, JSON, VERSION, understand
from lkm.errors import UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.manager.report import cause_of_all
from lkm.manager.requests import Call, Requests
from lkm.manager.session import Listener, Session, Where
from lkm.plan.steps import Insert
from lkm.report import causes, document, steps
from lkm.report.effects import effects_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lkm.cli.failure import Explainer
    from lkm.origin import Origin, Problem
    from lkm.plan.progress import Entry
    from lkm.plan.resolve import Candidate
    from lkm.plan.steps import Plan
    from lkm.report.document import Attempt, Object

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


class Verb(Listener):
    """One call. ``attempts`` are what came of it so far, ``given`` its options; with ``json`` nothing is printed.

    ``unwritten`` is why something could not be printed: no reason to leave a request half done.
    """

    def __init__(
        self, name: str, options: Sequence[tuple[str, str]], say: Messages, operands: Sequence[str] = ()
    ) -> None:
        """Raises LkmError when there is no such kernel."""
        self._operands = tuple(operands)
        self._explainer: Explainer | None = None
        self._candidate: Candidate | None = None
        self.name = name
        self.say = say
        self.given = dict(options)
        self.json = "json" in self.given
        self.signal = 0
        self.unwritten: OSError | None = None
        self.attempts: list[Attempt] = []
        where = Where(
            self.given.get("dirname", ""),
            self.given.get("set-version", ""),
            tuple([value for key, value in options if key == "config"]),
            tuple([value for key, value in options if key == "extra-root"]),
            "no-cmdline" not in self.given,
        )
        self.kernel = open_kernel(LinuxKernel)
        self.session = Session(self.kernel, where)
        self.root = self.session.root
        self.world, self.index = self.session.world, self.session.index
        self._told: set[Problem] = set()
        for problem in self.world.settings.problems:
            if not problem.origin.file.startswith(tuple([f"{d}/" for d in self.index.directories])):
                self.say.problem(messages.WARNING, problem)

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
    def call(self) -> Call:
        """Return how the requests of this call are to be made, as the options say."""
        watched = not {"quiet", "no-effects"} & set(self.given)
        return Call(self, "dry-run" in self.given, watched, self.json, self.explainer)

    def explainer(self) -> Explainer:
        """Return who explains what fails in this call."""
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

    def not_found(self, word: str, text: str) -> None:
        """Say that a word means nothing, and why."""
        Requests(self.session, self.call).not_found(word, text)

    def planned(self, candidate: Candidate, plan: Plan) -> None:
        """Say what was wrong in planning."""
        self._candidate = candidate
        self.problems(plan.problems)

    def did(self, entry: Entry) -> None:
        """Print what was done, or would be."""
        if "dry-run" in self.given:
            self.print(steps.planned(entry, self._option_origins(entry)))
            return
        line = steps.done(entry)
        self.print(f"{line}\n" if line else "")
        if line := steps.failed(entry):
            self.say.warning(line)

    def _option_origins(self, entry: Entry) -> list[Origin]:
        """Return where the configured options of a step come from."""
        step, target = entry.step, self._candidate
        if not isinstance(step, Insert):
            return []
        names = {step.module, target.alias if target and step.target else ""}
        return [options.origin for options in self.world.settings.options if options.module in names and options.text]

    def came(self, attempt: Attempt) -> None:
        """Keep what came of a request, and say why if it was nothing."""
        self.attempts.append(attempt)
        if not attempt.said:
            self.print(effects_text(attempt.effects, brief=True) if attempt.effects else "")
            return
        self.problems()
        self.say.error(attempt.said)
        self.say.detail(*attempt.lines)
        if attempt.evidence:
            self.say.detail(self.explainer().keep(attempt.word, attempt.said, attempt.evidence))
        if attempt.cause == "permission":
            self.say.detail(f"`sudo lkm {self.name} {attempt.word}`")

    @property
    def cause(self) -> str:
        """Return the cause of the exit status."""
        return "interrupted" if self.signal else cause_of_all(self.attempts)

    def status(self) -> int:
        """Return the exit status."""
        return 128 + self.signal if self.signal else causes.status(self.cause)

    def fields(self) -> Object:
        """Return what the JSON object has of it."""
        return {"cause": self.cause, "requests": [document.attempt(one, os.strerror) for one in self.attempts]}


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
