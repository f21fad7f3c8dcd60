"""``lsmod``: the loaded modules, from one reading of /proc/modules."""

from __future__ import annotations

import sys

from lkm.cli.kernels import kernel24, open_kernel
from lkm.cli.messages import Messages
from lkm.cli.options import Option, help_text
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.errors import MachineError
from lkm.kernel.linux import LinuxKernel
from lkm.report.lsmod import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.interface import ShownKernel
    from lkm.report.document import Object
    from lkm.state.nouns import LoadedModule

USAGE = "lsmod [options]"
OPTIONS = (
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("v", "verbose", "", "taken for compatibility; lsmod has no more to say"),
    JSON,
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Print the table; status 1 when the kernel has no modules or the arguments make no sense."""
    if (world := kernel24()) is not None:
        from lkm.cli import lsmod24

        return lsmod24.main(argv, world)
    understood = understand("lsmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    if operands:
        sys.stderr.write(help_text(USAGE, OPTIONS))
        return 1
    messages = Messages("lsmod", to_syslog=("syslog", "") in options)
    if ("json", "") in options:
        from lkm.cli.answer import answer

        return answer("lsmod", messages, lambda fields: _fill(fields, messages))
    kernel = open_kernel(LinuxKernel)
    modules = _modules(kernel, messages)
    if modules is None:
        return 1
    sys.stdout.buffer.write(table(modules, kernel.holders).encode("utf-8", "surrogateescape"))
    return 0


def _modules(kernel: ShownKernel, messages: Messages) -> tuple[LoadedModule, ...] | None:
    try:
        return kernel.state().modules
    except MachineError as error:
        messages.error(f"could not get list of modules: {error}")
        messages.detail(error.hint)
        return None


def _fill(fields: Object, messages: Messages) -> int:
    """Put the modules into the object for --json."""
    from lkm.report.document import loaded

    modules = _modules(open_kernel(LinuxKernel), messages)
    fields["modules"] = [loaded(module) for module in modules or ()]
    return 1 if modules is None else 0
