"""``rmmod``: remove modules by name, each on its own (kmod: tools/rmmod.c)."""

from __future__ import annotations

import errno
import os

from lkm.cli import messages
from lkm.cli.kernels import kernel24, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import CLASSIC, HELP, INCIDENT, JSON, VERSION, understand
from lkm.errors import LkmError, MachineError
from lkm.kernel.interface import Refused
from lkm.kernel.linux import LinuxKernel
from lkm.names import ModuleName, fold, is_module_path, name_from_path
from lkm.report.removal import obstacle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.failure import Explainer
    from lkm.kernel.interface import Outcome, ShownKernel
    from lkm.manager.explainer import Told
    from lkm.report.document import Object

USAGE = """rmmod [options] NAME...
       rmmod [options] --all"""
OPTIONS = (
    Option("a", "all", "", "sweep: remove what was marked for autoclean and is idle (lkm autoclean)"),
    Option("f", "force", "", "remove it even if it is in use, where the kernel was built to allow that. DANGEROUS"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("q", "quiet", "", "say no messages"),
    Option("v", "verbose", "", "say what is done, and of what fails all that is known"),
    CLASSIC,
    INCIDENT,
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Remove the modules in the order given; status 1 when one could not be removed."""
    if (world := kernel24()) is not None:
        from lkm.cli import rmmod24

        return rmmod24.main(argv, world)
    understood = understand("rmmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    say = messages.Messages("rmmod", to_syslog=("syslog", "") in options)
    if ("verbose", "") in options:
        say.priority = messages.INFO
    if ("quiet", "") in options:
        say.priority = -1
    if ("all", "") in options and not operands and ("json", "") not in options:
        from lkm.cli.autoclean_sweep import sweep_now

        return sweep_now(open_kernel(LinuxKernel), say)[0]
    if not operands:
        say.error("missing module name.")
        return 1
    say.classic = ("classic", "") in options
    call = _Call(say, force=("force", "") in options, incident=dict(options).get("incident", ""), operands=operands)
    if ("json", "") in options:
        from lkm.cli.answer import answer

        return answer("rmmod", say, call.fill)
    return call.remove_all()


class _Call:
    """One call; ``removals`` are what came of each operand: it, the outcome, and why it stayed, if it did."""

    def __init__(self, say: messages.Messages, *, force: bool, incident: str, operands: list[str]) -> None:
        self._say = say
        self._force = force
        self._incident = incident
        self._operands = operands
        self._kernel: ShownKernel = open_kernel(LinuxKernel)
        self._explainer: Explainer | None = None
        self._removals: list[tuple[str, Outcome, Told | None]] = []

    def remove_all(self) -> int:
        """Remove the modules in the order given; return the status."""
        failed = [operand for operand in self._operands if not self._remove(operand)]
        return 1 if failed else 0

    def fill(self, fields: Object) -> int:
        """Remove, and put what came of it into the object for --json."""
        from lkm.report.document import result, users
        from lkm.report.finding import as_json

        status = self.remove_all()
        fields["removals"] = [
            {
                "request": operand,
                "module": _name(operand),
                "result": result(outcome, os.strerror),
                "users": users(told.uses if told else None),
                "findings": [as_json(finding) for finding in told.findings] if told else [],
            }
            for operand, outcome, told in self._removals
        ]
        return status

    def _remove(self, operand: str) -> bool:
        """Remove one module, or say why not."""
        name = _name(operand)
        if not self._force:
            try:
                module = self._kernel.state().find(name)
            except MachineError as error:
                line = f"could not remove module {operand}: {error.what}"
                return self._failed(operand, Refused("", errno.ENOSYS), line, name, error.hint)
            builtin = module is None and _is_builtin(self._kernel, name)
            blocked = obstacle(name, module, self._kernel.holders(name), builtin=builtin)
            if blocked:
                return self._failed(operand, Refused("", errno.EBUSY if module else errno.ENOENT), blocked, name)
        outcome = self._kernel.unload(name, force=self._force)
        if isinstance(outcome, Refused):
            line = f"could not remove module {operand}: {os.strerror(outcome.errno)}"
            return self._failed(operand, outcome, line, name)
        self._say.info(f"removed {name}")
        self._removals.append((operand, outcome, None))
        return True

    def _failed(self, operand: str, refused: Refused, line: str, name: str, hint: str = "") -> bool:
        """Say why a module stays; return False. ``hint`` is what the kernel's own error has to say."""
        self._say.error(line)
        self._say.detail(hint)
        told = None
        if self._say.explains or self._incident:
            if self._explainer is None:
                from lkm.cli.failure import Explainer

                self._explainer = Explainer(
                    self._say,
                    self._kernel,
                    incident=self._incident,
                    arguments=tuple(self._operands),
                    verbose=self._say.priority == messages.INFO,
                )
            told = self._explainer.removal(refused, name)
            self._say.detail(*told.lines, self._explainer.keep(operand, line, told.evidence))
        self._removals.append((operand, refused, told))
        return False


def _name(operand: str) -> ModuleName:
    """Return the kernel's name for what the user typed: a module's name, or its file.

    kmod takes any existing path for a file, so there ``rmmod fat`` fails where a folder ``fat`` is. Here it must be a
    file, and look like a module's or be written as a path.
    """
    if (is_module_path(operand) or "/" in operand) and os.path.isfile(operand):
        return name_from_path(operand)
    return fold(operand if "/" in operand else operand.split(".", 1)[0])  # the same cut as kmod's


def _is_builtin(kernel: ShownKernel, name: str) -> bool:
    from lkm.system.indexfiles import open_index
    from lkm.system.tree import modules_dir

    try:
        return open_index(modules_dir(kernel.root(), kernel.release())).is_builtin(name)
    except LkmError:
        return False
