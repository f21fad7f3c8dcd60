"""``insmod``: load one module file, as it stands, without what it needs (kmod: tools/insmod.c)."""

from __future__ import annotations

import os

from lkm.cli import messages
from lkm.cli.kernels import kernel24, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.kernel.interface import IGNORE_MODVERSIONS, IGNORE_VERMAGIC, Done
from lkm.kernel.linux import LinuxKernel
from lkm.report.refusal import insmod_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.interface import Outcome
    from lkm.report.document import Object

USAGE = "insmod [options] FILE [NAME=VALUE...]"
OPTIONS = (
    Option("f", "force", "", "both of the next two. DANGEROUS"),
    Option("", "force-modversion", "", "ignore symbol versions. DANGEROUS"),
    Option("", "force-vermagic", "", "ignore the kernel version that it was built for. DANGEROUS"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("v", "verbose", "", "say what is done, and list all missing symbols"),
    JSON,
    VERSION,
    HELP,
)
_FLAGS = {
    "force": IGNORE_MODVERSIONS | IGNORE_VERMAGIC,
    "force-modversion": IGNORE_MODVERSIONS,
    "force-vermagic": IGNORE_VERMAGIC,
}


def main(argv: list[str]) -> int:
    """Load the file; status 1 and the reason when the kernel refuses.

    The words after the file are its parameters, joined by spaces; the kernel splits them again.
    """
    if (world := kernel24()) is not None:
        from lkm.cli import insmod24

        return insmod24.main(argv, world)
    understood = understand("insmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    say = messages.Messages("insmod")
    flags = 0
    for key, _ in options:
        flags |= _FLAGS.get(key, 0)
        if key == "syslog":
            say.to_syslog = True
        elif key == "verbose":
            say.priority = messages.INFO
    if not operands:
        say.error("missing filename.")
        return 1
    path = operands[0]
    if path == "-":
        say.error("this tool does not support loading from stdin!")
        return 1
    parameters = " ".join(operands[1:])
    if ("json", "") in options:
        from lkm.cli.answer import answer

        return answer("insmod", say, lambda fields: _fill(fields, path, parameters, flags, say))
    return _load(path, parameters, flags, say)[0]


def _load(path: str, parameters: str, flags: int, say: messages.Messages) -> tuple[int, Outcome]:
    outcome = open_kernel(LinuxKernel).load(path, parameters, flags)
    if isinstance(outcome, Done):
        say.info(f"loaded {path}")
        return 0, outcome
    if outcome.call == "open":
        say.error(f"could not load module {path}: {os.strerror(outcome.errno)}")
    else:
        say.error(f"could not insert module {path}: {insmod_text(outcome.errno, os.strerror)}")
    from lkm.cli.evidence import explain

    say.detail(*explain(outcome, path, verbose=say.priority == messages.INFO))
    return 1, outcome


def _fill(fields: Object, path: str, parameters: str, flags: int, say: messages.Messages) -> int:
    """Load, and put what came of it into the object for --json."""
    from lkm.report.document import result

    fields |= {"path": path, "parameters": parameters, "result": None}
    status, outcome = _load(path, parameters, flags, say)
    fields["result"] = result(outcome, os.strerror)
    return status
