"""``rmmod``: remove modules by name, each on its own (kmod: tools/rmmod.c)."""

from __future__ import annotations

import errno
import os

from lkm.cli import messages
from lkm.cli.kernels import kernel24, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.errors import LkmError, MachineError
from lkm.kernel.interface import Done, Refused
from lkm.kernel.linux import LinuxKernel
from lkm.names import ModuleName, fold, is_module_path, name_from_path
from lkm.report.removal import obstacle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.interface import Outcome, ShownKernel
    from lkm.report.document import Object
    from lkm.state.nouns import KernelState, LoadedModule
    from lkm.state.users import Uses

    Note = Callable[[str, Outcome, Uses | None], None]

USAGE = """rmmod [options] NAME...
       rmmod [options] --all"""
OPTIONS = (
    Option("a", "all", "", "sweep: remove what was marked for autoclean and is idle (lkm autoclean)"),
    Option("f", "force", "", "remove it even if it is in use, where the kernel was built to allow that. DANGEROUS"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("v", "verbose", "", "say what is done"),
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
    if ("all", "") in options and not operands and ("json", "") not in options:
        from lkm.cli.autoclean_sweep import sweep_now

        return sweep_now(open_kernel(LinuxKernel), say)[0]
    if not operands:
        say.error("missing module name.")
        return 1
    force = ("force", "") in options
    if ("json", "") in options:
        from lkm.cli.answer import answer

        return answer("rmmod", say, lambda fields: _fill(fields, operands, force, say))
    return _remove_all(operands, force, say, lambda *_: None)


def _remove_all(operands: list[str], force: bool, say: messages.Messages, note: Note) -> int:
    kernel = open_kernel(LinuxKernel)
    failed = [operand for operand in operands if not _remove(kernel, operand, force, say, note)]
    return 1 if failed else 0


def _fill(fields: Object, operands: list[str], force: bool, say: messages.Messages) -> int:
    """Remove, and put what came of it into the object for --json."""
    from lkm.report.document import result, users

    removals: list[Object] = []
    fields["removals"] = removals

    def note(operand: str, outcome: Outcome, uses: Uses | None) -> None:
        found = result(outcome, os.strerror)
        removals.append({"request": operand, "module": _name(operand), "result": found, "users": users(uses)})

    return _remove_all(operands, force, say, note)


def _remove(kernel: ShownKernel, operand: str, force: bool, say: messages.Messages, note: Note) -> bool:
    """Remove one module, or say why not. ``note`` gets the operand, the outcome and the users that were found."""
    name = _name(operand)
    if not force:
        try:
            modules = kernel.state()
        except MachineError as error:
            say.error(f"could not remove module {operand}: {error.what}")
            say.detail(error.hint)
            note(operand, Refused("", errno.ENOSYS), None)
            return False
        module = modules.find(name)
        uses = _uses(kernel, module, modules)
        builtin = module is None and _is_builtin(kernel, name)
        blocked = obstacle(name, module, kernel.holders(name), builtin=builtin, uses=uses)
        if blocked:
            say.error(blocked[0])
            say.detail(*blocked[1:])
            note(operand, Refused("", errno.EBUSY if module else errno.ENOENT), uses)
            return False
    outcome = kernel.unload(name, force=force)
    if isinstance(outcome, Done):
        say.info(f"removed {name}")
        note(operand, outcome, None)
        return True
    say.error(f"could not remove module {operand}: {os.strerror(outcome.errno)}")
    from lkm.cli.users import why_kept

    lines, uses = why_kept(kernel, outcome, name)
    say.detail(*lines)
    note(operand, outcome, uses)
    return False


def _uses(kernel: ShownKernel, module: LoadedModule | None, modules: KernelState) -> Uses | None:
    if module is None or module.refcount <= 0:
        return None
    from lkm.cli.users import uses_of

    return uses_of(kernel, module, modules)


def _name(operand: str) -> ModuleName:
    """Return the kernel's name for what the user typed: a module's name, or its file.

    kmod takes any existing path for a file, so there ``rmmod fat`` fails where a folder ``fat`` is. Here it must be a
    file, and look like a module's or be written as a path.
    """
    if (is_module_path(operand) or "/" in operand) and os.path.isfile(operand):
        return name_from_path(operand)
    return fold(operand if "/" in operand else operand.split(".", 1)[0])  # the same cut as kmod's


def _is_builtin(kernel: ShownKernel, name: str) -> bool:
    from lkm.cli.evidence import index_of

    index = index_of(kernel)
    try:
        return index is not None and index.is_builtin(name)
    except LkmError:
        return False
