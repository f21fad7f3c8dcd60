"""Loading what one alias means, for whoever asked: resolved, planned, followed, and taken back when it fails.

What ``modprobe ALIAS`` does, with the cause as a value instead of messages. Several loaders may work at once, so
between planning and doing another may take out again what this one counts on; then it is planned once more.
"""

from __future__ import annotations

import os
import time

from lkm.autoload.nouns import Outcome
from lkm.errors import LkmError
from lkm.kernel.interface import Done, Refused
from lkm.plan.load import Request, plan_load
from lkm.plan.resolve import resolve
from lkm.plan.steps import Blacklisted, Forbidden, Insert
from lkm.report.causes import CAUSES, cause_of, status
from lkm.system.follow import Driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lkm.kernel.interface import Kernel
    from lkm.plan.progress import Entry, Journal
    from lkm.plan.resolve import Candidate
    from lkm.system.resolver import Resolver

#: Most of what is said about one failure.
_MAX_TEXT = 400


class Loader:
    """Loads into one kernel. ``environment`` is what commands of the configuration get, ``privileged`` whether the
    kernel lets this process load at all.
    """

    def __init__(
        self, kernel: Kernel, resolver: Resolver, environment: Mapping[str, str], *, privileged: bool = True
    ) -> None:
        self._driver = Driver(kernel, environment=environment, to_stderr=True)
        self._resolver = resolver
        self._privileged = privileged

    def load(self, alias: str) -> Outcome:
        """Load what an alias means, with changed indexes and configuration noticed. Raises nothing."""
        start = time.monotonic()
        try:
            outcome = self._load(alias)
        except (LkmError, OSError) as error:
            outcome = Outcome(status("failed"), "failed", (), str(error)[:_MAX_TEXT])
        return outcome._replace(seconds=time.monotonic() - start)

    def _load(self, alias: str) -> Outcome:
        self._resolver.refresh()
        candidates = resolve(alias, self._resolver.world)
        if not candidates:
            return Outcome(status("not-found"), "not-found", (), f"nothing in {self._resolver.world.directory} has it")
        found = [self._load_one(candidate, alias) for candidate in candidates]
        modules = tuple([module for one in found for module in one.modules])
        # One module that is loaded serves an alias, blacklisted others or not.
        served = any(one.cause == "done" for one in found)
        failed = [one for one in found if one.cause != "done" and not (served and one.cause == "blacklisted")]
        return (failed[0] if failed else Outcome(0, "done"))._replace(modules=modules)

    def _load_one(self, candidate: Candidate, alias: str) -> Outcome:
        outcome, retry = self._attempt(candidate, alias)
        return self._attempt(candidate, alias)[0] if retry else outcome

    def _attempt(self, candidate: Candidate, alias: str) -> tuple[Outcome, bool]:
        """Return what came of one try, and whether another makes sense: something it needs went meanwhile."""
        state = self._driver.state()
        plan = plan_load(candidate, Request(alias), self._resolver.world, state)
        if plan.steps and isinstance(plan.steps[0], Blacklisted):
            step = plan.steps[0]
            return Outcome(status("blacklisted"), "blacklisted", (), f"{step.module} ({step.origin})"), False
        journal = self._driver.follow(plan, state)
        if journal.failure is None:
            return Outcome(0, "done", _inserted(journal)), False
        undone = self._driver.undo(journal, alias, state)
        gone = {str(entry.step.module) for entry in undone.entries if not entry.errno}
        kept = tuple([module for module in _inserted(journal) if module not in gone])
        cause = cause_of(journal.failure, privileged=self._privileged)
        was = {module.name for module in state.modules}
        lost = cause == "symbols" and not was <= {module.name for module in self._driver.state().modules}
        text = _words(journal.failure, cause, candidate.module)
        return Outcome(status(cause), cause, kept, text[:_MAX_TEXT]), lost


def _inserted(journal: Journal) -> tuple[str, ...]:
    """Return the modules that went in, in that order."""
    return tuple([str(e.step.module) for e in journal.entries if isinstance(e.step, Insert) and _done(e)])


def _done(entry: Entry) -> bool:
    return isinstance(entry.result, Done)


def _words(failure: Entry, cause: str, module: str) -> str:
    """Return why a plan failed: the cause in words, where, the step's reason, and the kernel's last words on it."""
    step, result = failure.step, failure.result
    words = f"{step.module}: {CAUSES[cause][1]}"
    if isinstance(result, Refused) and result.call:
        words += f" ({os.strerror(result.errno)})"
    if isinstance(step, Forbidden):
        words += f" ({step.origin})"
    if step.module != module:
        words += f"; it is {step.reason}"
    if isinstance(result, Refused) and result.log:
        words += f"; kernel: {result.log[-1].text}"
    return words


def worker(make: Callable[[], Loader]) -> Callable[[], Callable[[str], Outcome]]:
    """Return what lkm.system.workers.Pool wants for workers that load the aliases that they are given."""
    return lambda: make().load
