"""What loading and unloading have in common: they explain what fails, and tell a listener what came of it."""

from __future__ import annotations

from lkm.manager.kernels import may_change
from lkm.manager.session import Listener
from lkm.record import Record
from lkm.report import causes
from lkm.report.document import Attempt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.manager.explainer import Explainer, Told
    from lkm.manager.session import Session
    from lkm.manager.watch import Watch
    from lkm.plan.progress import Entry
    from lkm.state.nouns import KernelState, LoadedModule


class Call(Record):
    """How the requests of one call are made: ``listener`` hears what comes of each.

    ``planned``: nothing is done, and each finds the kernel as those before would have left it. ``watched``: it is
    looked at what they change. ``to_stderr``: commands of the configuration print there. ``explainer`` gives who
    tells why something failed, if it is not to be the session's.
    """

    listener: Listener = Listener()
    planned: bool = False
    watched: bool = True
    to_stderr: bool = False
    explainer: Callable[[], Explainer] | None = None


class Requests:
    """Requests of one session, one after the other, as a call has them made."""

    def __init__(self, session: Session, call: Call) -> None:
        self.session = session
        self.call = call
        self.imagined: KernelState | None = None
        self._explainer: Explainer | None = None

    @property
    def explainer(self) -> Explainer:
        """Return who explains what fails. It is always asked, as the cause is told by what it finds."""
        if self._explainer is None:
            self._explainer = (self.call.explainer or self.session.explainer)()
        return self._explainer

    @property
    def privileged(self) -> bool:
        """Tell whether the caller may load and remove."""
        return may_change(self.session.kernel)

    def watch(self) -> Watch | None:
        """Return what looks at the changes, or None where these are not to be told."""
        if self.call.planned or not self.call.watched:
            return None
        from lkm.manager.watch import Watch

        return Watch(self.session.kernel, self.session.path)

    def not_found(self, word: str, text: str, *lines: str) -> None:
        """Tell that a word means nothing; ``lines`` say why, or else it is looked up."""
        attempt = Attempt(word, "not-found", said=text, lines=lines)
        if not lines:
            told = self.explainer.absence(word)
            attempt = attempt._replace(lines=told.lines, findings=told.findings, evidence=told.evidence)
        self.call.listener.came(attempt)

    def refused(
        self, attempt: Attempt, text: str, entry: Entry, told: Told, *more: str, module: LoadedModule | None = None
    ) -> None:
        """Tell why the entry that ended a plan failed; ``module`` is what was to be removed, as it is."""
        cause = causes.cause_of(entry, privileged=self.privileged, module=module, findings=told.findings)
        self.failed(attempt._replace(cause=cause, uses=told.uses), text, told, *more)

    def failed(self, attempt: Attempt, text: str, told: Told | None, *more: str) -> None:
        """Tell why nothing came of an attempt, by its cause; ``more`` lines come after the explanation."""
        said = text if attempt.cause == "failed" else f"{text}: {causes.CAUSES[attempt.cause][1]}"
        lines = (*(told.lines if told else ()), *more)
        if told:
            attempt = attempt._replace(findings=told.findings, evidence=told.evidence)
        self.call.listener.came(attempt._replace(said=said, lines=tuple(filter(None, lines))))
