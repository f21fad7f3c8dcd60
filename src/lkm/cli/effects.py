"""``lkm effects``: run a command, and tell what it changed in the kernel."""

from __future__ import annotations

import os
import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.errors import MachineError, NotFound, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.manager.watch import Around
from lkm.report.effects import effects_object, effects_text
from lkm.system.moduletree import IndexedTree
from lkm.system.processes import run_words
from lkm.system.tree import find_modules_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.interface import ShownKernel
    from lkm.report.document import Object

USAGE = """lkm effects [options] -- COMMAND [ARGUMENT...]

Runs the command, and tells what changed in the kernel meanwhile, by which module: what it registered, which devices
it drives, parameters, device nodes, interrupts, taint, and what the kernel said; and of each module that came, what
it is good for now. What else runs on the machine changes things too. Status: the command's; 2 when there is no such
command, or nothing can be told."""
OPTIONS = (
    Option("b", "brief", "", "a line or two for each module"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Run the command; the status is its own."""
    return asked("effects", USAGE, OPTIONS, argv[1:], _work)


def _work(given: dict[str, str], operands: list[str], fields: Object) -> int:
    if not operands:
        raise UsageError("name a command", hint="`lkm effects -- modprobe loop`")
    kernel = open_kernel(LinuxKernel)
    with Around(kernel, _paths(kernel)) as seen:
        try:
            status = run_words(operands, {}, to_stderr="json" in given)
        except OSError as error:
            what = f"cannot run it: {os.strerror(error.errno or 0)}"
            raise MachineError(what, operands[0], error.errno or 0) from None
    fields |= {"command": operands, "command_status": status, "effects": effects_object(seen.effects)}
    if "json" not in given:
        sys.stdout.flush()
        sys.stdout.buffer.write(effects_text(seen.effects, brief="brief" in given).encode("utf-8", "surrogateescape"))
    return 128 - status if status < 0 else status


def _paths(kernel: ShownKernel) -> Callable[[str], str]:
    """Return what gives a module's file by the indexes of the kernel's own tree."""
    try:
        return IndexedTree(find_modules_dir(kernel.root(), kernel.release())).path
    except NotFound:
        return lambda _: ""
