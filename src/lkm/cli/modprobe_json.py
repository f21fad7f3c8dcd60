"""``modprobe --json``: the same as one object."""

from __future__ import annotations

import os

from lkm.cli.modprobe_run import Session
from lkm.manager.kernels import may_change
from lkm.plan.steps import Blacklisted
from lkm.report.causes import cause_of
from lkm.report.document import Attempt, attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.messages import Messages
    from lkm.cli.modprobe import Choices
    from lkm.plan.progress import Entry
    from lkm.plan.resolve import Candidate
    from lkm.plan.steps import Plan
    from lkm.report.document import Object


def fill(fields: Object, choices: Choices, operands: list[str], say: Messages) -> int:
    """Do what the arguments say, and put what came of it into the object; return the status."""
    for kind in ("show-modversions", "show-exports"):
        if choices.has(kind):
            from lkm.cli.modprobe_show import symbols

            pairs = symbols(operands[0], kind, say)
            fields["symbols"] = [{"name": name, "crc": crc} for crc, name in pairs]
            return 0 if pairs else 1
    session = _Noting(choices, say)
    if choices.has("show-config"):
        _configuration(fields, session, indexes=not choices.has("origin"))
        return 0
    try:
        return session.run(operands)
    finally:
        fields["requests"] = [attempt(one, os.strerror) for one in session.attempts]


def _configuration(fields: Object, session: Session, *, indexes: bool) -> None:
    from lkm.report.config import effective
    from lkm.report.info import directive

    fields["configuration"] = [directive(fact) for fact in effective(session.world.settings)]
    if indexes:
        pairs = [*session.index.dump_aliases(), *session.index.dump_symbols()]
        fields["aliases"] = [{"alias": pattern, "module": module} for pattern, module in pairs]


class _Noting(Session):
    """Keeps what comes of each request, and prints nothing."""

    commands_to_stderr = True

    def __init__(self, choices: Choices, say: Messages) -> None:
        super().__init__(choices, say)
        self.attempts: list[Attempt] = []

    def flush(self) -> None:
        """Print nothing."""
        self.out.clear()

    def note(self, word: str, candidate: Candidate | None = None, plan: Plan | None = None) -> None:
        """Keep what came of a word."""
        if candidate is None:
            self.attempts.append(Attempt(word, "not-found", findings=self.findings))
            return
        base = Attempt(word, "done", candidate.module, candidate.alias, candidate.origin, plan)
        planned = self.choices.dry or plan is None
        cause = self._cause(plan) if plan else "done"
        came = {"entries": tuple(self.entries), "uses": self.uses, "findings": self.findings}
        self.attempts.append(base._replace(cause=cause, planned=planned, **came))

    def note_undone(self, entries: tuple[Entry, ...], signal: int) -> None:
        """Complete what was kept last."""
        last = self.attempts[-1]
        self.attempts[-1] = last._replace(undone=entries, cause="interrupted" if signal else last.cause)

    def _cause(self, plan: Plan) -> str:
        if plan.steps and isinstance(plan.steps[0], Blacklisted):
            return "blacklisted"
        failures = [entry for entry in self.entries if entry.errno and entry.step.required]
        if not failures:
            return "done"
        module = self._state().find(failures[0].step.module)
        return cause_of(failures[0], privileged=may_change(self.kernel), module=module, findings=self.findings)
