"""Following plans on a kernel: each step is done, and what came of it is told. It says nothing itself."""

from __future__ import annotations

import errno

from lkm.errors import MachineError
from lkm.kernel.interface import Refused
from lkm.plan.progress import Journal, Progress, Ran
from lkm.plan.steps import Command, Insert, Remove
from lkm.state.nouns import KernelState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lkm.kernel.interface import Kernel, Outcome
    from lkm.plan.progress import Entry, Result
    from lkm.plan.steps import Plan, Step
    from lkm.system.interrupts import Interrupts

#: A use count that is not 0 is EAGAIN (kernel/module/main.c: ``try_stop_module``), a module with users EWOULDBLOCK.
_BUSY = (errno.EAGAIN, errno.EWOULDBLOCK)

_SIGINT = 2


class Driver:
    """Does the steps of plans to a kernel.

    ``flags`` are those for loading, ``force`` and ``wait`` (milliseconds) those for removing, ``environment`` is what
    commands get besides MODPROBE_MODULE. ``before`` is called with each step that is going to be done, ``after`` with
    each entry of the journal as it comes. Once ``interrupts`` has caught a signal, no further step is begun.
    ``to_stderr``: that is where commands print.
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        flags: int = 0,
        force: bool = False,
        wait: int = 0,
        environment: Mapping[str, str] | None = None,
        before: Callable[[Step], None] = lambda _: None,
        after: Callable[[Entry], None] = lambda _: None,
        interrupts: Interrupts | None = None,
        to_stderr: bool = False,
    ) -> None:
        self._kernel = kernel
        self._flags = flags
        self._force = force
        self._wait = wait
        self._environment = environment or {}
        self._before = before
        self._after = after
        self._interrupts = interrupts
        self._to_stderr = to_stderr

    def state(self) -> KernelState:
        """Return what is loaded; nothing for a kernel without modules, which will refuse to load in clearer words."""
        try:
            return self._kernel.state()
        except MachineError:
            return KernelState()

    def follow(self, plan: Plan, state: KernelState) -> Journal:
        """Do what the plan says, which was made for ``state``; return what came of it."""
        progress = Progress(plan, state)
        told = 0
        while True:
            step = progress.next_step()
            for entry in progress.journal.entries[told:]:
                told += 1
                self._after(entry)
            if step is None or (self._interrupts and self._interrupts.caught):
                return progress.journal
            self._before(step)
            result = self._do(step)
            changes_more = isinstance(step, (Command, Remove))
            progress.record(result, self.state() if changes_more else None)

    def _do(self, step: Step) -> Result:
        if isinstance(step, Insert):
            return self._kernel.load(step.path, step.options, self._flags)
        if isinstance(step, Command):
            return self._run(step)
        return unload(self._kernel, step.module, force=self._force, wait=self._wait)

    def _run(self, step: Command) -> Ran:
        from lkm.system.processes import run_shell

        changes = {"MODPROBE_MODULE": str(step.module), **self._environment}
        if self._interrupts is None:
            return Ran(run_shell(step.line, changes, to_stderr=self._to_stderr))
        status = run_shell(step.line, changes, self._interrupts.share, to_stderr=self._to_stderr)
        if status == -_SIGINT:
            self._interrupts.note(_SIGINT)  # Ctrl-C was for the command and for us, who did not listen meanwhile
        return Ran(status)

    def undo(self, journal: Journal, word: str, before: KernelState) -> Journal:
        """Take out what a request loaded and nothing else uses; ``before`` is the state when it began."""
        from lkm.plan.undo import plan_undo

        plan = plan_undo(journal, word, before)
        return Driver(self._kernel).follow(plan, self.state()) if plan.steps else Journal()


def unload(kernel: Kernel, name: str, *, force: bool, wait: int) -> Outcome:
    """Remove a module. While it is in use try again, after pauses that double, for ``wait`` milliseconds in all."""
    outcome = kernel.unload(name, force=force)
    pause = 1
    while wait > 0 and isinstance(outcome, Refused) and outcome.errno in _BUSY:
        import time

        pause = min(pause, wait)
        time.sleep(pause / 1000)
        wait -= pause
        pause *= 2
        outcome = kernel.unload(name, force=force)
    return outcome
