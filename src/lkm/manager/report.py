"""What came of a request, for programs: attempts, the cause, and a text for people."""

from __future__ import annotations

from lkm.errors import LkmError
from lkm.kernel.interface import Done
from lkm.plan.steps import Insert, Remove
from lkm.record import Record
from lkm.report import causes, steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.diagnose.effects import Effects
    from lkm.diagnose.finding import Finding
    from lkm.plan.progress import Entry
    from lkm.report.document import Attempt


class RequestFailed(LkmError):
    """Nothing, or not all, came of a request: ``report`` is what did. ``code`` is the cause."""

    def __init__(self, report: Report) -> None:
        first = report.failures[0]
        super().__init__(first.said, hint="\n".join(first.lines))
        self.report = report
        self.code = report.cause


class Report(Record):
    """What came of a load or unload, or would come: ``attempts`` has one for each module that the name means.

    A name has several where it is an alias of several modules.
    """

    attempts: tuple[Attempt, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether all is as it was asked for, or was so already."""
        return self.cause == "done"

    @property
    def cause(self) -> str:
        """Return ``done``, or the first cause of a failure, a word of docs/exit-codes.md."""
        return cause_of_all(self.attempts)

    @property
    def status(self) -> int:
        """Return the exit status that ``lkm load`` or ``unload`` has for the cause."""
        return causes.status(self.cause)

    @property
    def failures(self) -> tuple[Attempt, ...]:
        """Return the attempts that failed."""
        return tuple([attempt for attempt in self.attempts if attempt.cause != "done"])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return why: what is found of all that failed, each with its evidence and what to do."""
        return tuple([finding for attempt in self.attempts for finding in attempt.findings])

    @property
    def effects(self) -> tuple[Effects, ...]:
        """Return what changed in the kernel, by attempt; without those that nothing is known of."""
        return tuple([attempt.effects for attempt in self.attempts if attempt.effects is not None])

    @property
    def modules(self) -> tuple[str, ...]:
        """Return the modules that were loaded or removed, or would be, in this order; undone ones are not there."""
        gone = {entry.step.module for attempt in self.attempts for entry in attempt.undone if not entry.errno}
        done = [e.step.module for attempt in self.attempts for e in attempt.entries if _changed(e)]
        return tuple([str(module) for module in done if module not in gone])

    @property
    def text(self) -> str:
        """Return lines for people: what was done, or would be; what failed, why, and what to do."""
        lines: list[str] = []
        for attempt in self.attempts:
            for entry in attempt.entries:
                line = steps.planned(entry).rstrip("\n") if attempt.planned else steps.done(entry)
                lines += line.splitlines()
            if attempt.said:
                lines += [attempt.said, *[f"  {line}" for line in attempt.lines]]
            elif attempt.effects:
                from lkm.report.effects import effects_text

                lines += effects_text(attempt.effects, brief=True).splitlines()
        return "".join([f"{line}\n" for line in lines])

    def or_raise(self) -> Report:
        """Return it if all went well. Raises RequestFailed."""
        if not self.ok:
            raise RequestFailed(self)
        return self


def _changed(entry: Entry) -> bool:
    return isinstance(entry.step, (Insert, Remove)) and isinstance(entry.result, Done)


def cause_of_all(attempts: Sequence[Attempt]) -> str:
    """Return the first cause that is not ``done``; an alias with one module loaded is done, blacklist or not."""
    done = {attempt.word for attempt in attempts if attempt.cause == "done"}
    for attempt in attempts:
        if attempt.cause != "done" and not (attempt.cause == "blacklisted" and attempt.word in done):
            return attempt.cause
    return "done"
