"""Explaining what failed: evidence is collected, and the rules are asked. Done only after a failure."""

from __future__ import annotations

import errno
import os

from lkm.diagnose.evidence import Attempt
from lkm.diagnose.saved import examined
from lkm.errors import LkmError
from lkm.kernel.interface import Refused
from lkm.manager.absence import without_modules
from lkm.manager.evidence import Scene
from lkm.plan.progress import Ran
from lkm.plan.steps import Absent, Blacklisted, Command, Forbidden, Insert, NotLoaded, Remove
from lkm.record import Record
from lkm.report.finding import told
from lkm.state.nouns import KernelState
from lkm.system.tree import modules_dir
from lkm.system.users import uses_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns import Settings
    from lkm.diagnose.evidence import Evidence
    from lkm.diagnose.finding import Finding
    from lkm.index.lookup import ModuleIndex
    from lkm.kernel.interface import ShownKernel
    from lkm.plan.progress import Entry, Result
    from lkm.plan.steps import Step
    from lkm.state.users import Uses


class Told(Record):
    """An explanation: ``lines`` to be said below the tool's own, and the findings and evidence that they tell of."""

    lines: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: Evidence | None = None

    @property
    def uses(self) -> Uses | None:
        """Return who uses the module that was to be removed."""
        return self.evidence.uses if self.evidence else None


class Explainer:
    """Explains failures with one kernel, and keeps what it has looked at for the next.

    ``directory`` of modules, ``index`` and ``settings`` are those that are worked with; "": there are none, and the
    kernel's own directory is looked at. ``verbose``: all that is known is told.
    """

    def __init__(
        self,
        kernel: ShownKernel,
        directory: str = "",
        *,
        index: ModuleIndex | None = None,
        settings: Settings | None = None,
        verbose: bool = False,
    ) -> None:
        self._kernel = kernel
        self._directory = directory or modules_dir(kernel.root(), kernel.release())
        self._scene = Scene(kernel, self._directory, index=index, settings=settings)
        self._verbose = verbose

    def load(self, refused: Refused, path: str, parameters: str = "", *, concerns: tuple[str, ...] = ()) -> Told:
        """Explain why a module file was not loaded. ``concerns``: names that the configuration may speak of, too."""
        attempt = self._scene.refused(refused, parameters)
        return self._told(self._scene.evidence(attempt, path=path, concerns=concerns))

    def removal(self, refused: Refused | None, name: str) -> Told:
        """Explain why a module was not removed, by the kernel, or (without its answer) as the tool has foreseen."""
        attempt = self._scene.refused(refused) if refused and refused.call else Attempt("delete_module")
        try:
            state = self._kernel.state()
        except LkmError:
            state = KernelState()
        uses = uses_of(self._kernel, state.find(name), state)
        return self._told(self._scene.evidence(attempt, name=name, uses=uses))

    def absence(self, word: str) -> Told:
        """Explain why a name means nothing."""
        told = self._told(self._scene.lookup(word))
        root, _, release = self._directory.partition("/lib/modules/")
        return told._replace(lines=(*told.lines, *without_modules(self._kernel, root, release)))

    def entry(self, failure: Entry, *, alias: str = "") -> Told:
        """Explain the entry that ended a plan for a module, which was asked for by an alias or ("") its name."""
        step, result = failure.step, failure.result
        answer = result if isinstance(result, Refused) else None
        if isinstance(step, (Remove, NotLoaded)):
            told = self.removal(answer, step.module)
        elif isinstance(step, Insert) and answer and answer.call:
            told = self.load(answer, step.path, step.options.strip(), concerns=(alias,))
        elif isinstance(step, Absent):
            told = self.absence(step.module)
        else:
            attempt = _attempt(step, result, failure.errno)
            told = self._told(self._scene.evidence(attempt, name=step.module, concerns=(alias,)))
        if step.target and not isinstance(step, Absent):
            return told
        return told._replace(lines=(_context(failure), *told.lines))

    def _told(self, evidence: Evidence) -> Told:
        found, kept = examined(evidence)
        lines = told(found, evidence.attempt.log, verbose=self._verbose)
        if not lines and evidence.attempt.call in ("finit_module", "init_module"):
            lines = ("the kernel logged nothing, and nothing is found that explains it",)
        return Told(lines, found, kept)


def _attempt(step: Step, result: Result, number: int) -> Attempt:
    """Return what failed where no kernel was asked."""
    if isinstance(step, Command) and isinstance(result, Ran):
        return Attempt("command", command=step.text, status=result.status)
    if isinstance(step, Forbidden):
        return Attempt("forbid")
    if isinstance(step, Blacklisted):
        return Attempt("blacklist")
    return Attempt("", errno.errorcode.get(number, ""))  # it is in the kernel already, and was not to be


def _context(failure: Entry) -> str:
    """Return a line about a step: what it was there for, where that is more than that it was asked for."""
    step = failure.step
    if isinstance(step, Insert):
        return f"{step.module} was refused ({os.strerror(failure.errno)}): {step.reason}"
    if isinstance(step, Absent):
        return f"{step.module} has no file: {step.reason}"
    return f"{step.module} is {step.reason}"
