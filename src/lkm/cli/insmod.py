"""``insmod``: load one module file, as it stands, without what it needs (kmod: tools/insmod.c)."""

from __future__ import annotations

import os

from lkm.cli import messages
from lkm.cli.kernels import kernel24, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import CLASSIC, HELP, INCIDENT, JSON, VERSION, understand
from lkm.kernel.interface import IGNORE_MODVERSIONS, IGNORE_VERMAGIC, Done
from lkm.kernel.linux import LinuxKernel
from lkm.report.refusal import insmod_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.finding import Finding
    from lkm.kernel.interface import Outcome
    from lkm.report.document import Object

USAGE = "insmod [options] FILE [NAME=VALUE...]"
OPTIONS = (
    Option("f", "force", "", "both of the next two. DANGEROUS"),
    Option("", "force-modversion", "", "ignore symbol versions. DANGEROUS"),
    Option("", "force-vermagic", "", "ignore the kernel version that it was built for. DANGEROUS"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("q", "quiet", "", "say no messages"),
    Option("v", "verbose", "", "say what is done, and of what fails all that is known"),
    CLASSIC,
    INCIDENT,
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
        elif key == "quiet":
            say.priority = -1
        elif key == "classic":
            say.classic = True
    if not operands:
        say.error("missing filename.")
        return 1
    path = operands[0]
    if path == "-":
        say.error("this tool does not support loading from stdin!")
        return 1
    call = _Call(path, " ".join(operands[1:]), flags, say, dict(options).get("incident", ""))
    if ("json", "") in options:
        from lkm.cli.answer import answer

        return answer("insmod", say, call.fill)
    call.load()
    return call.status


class _Call:
    """One call; ``findings`` are why it failed, if it did and somebody hears of it."""

    def __init__(self, path: str, parameters: str, flags: int, say: messages.Messages, incident: str) -> None:
        self._path = path
        self._parameters = parameters
        self._flags = flags
        self._say = say
        self._incident = incident
        self._findings: tuple[Finding, ...] = ()
        self.status = 0

    def load(self) -> Outcome:
        """Load the file, and say why not when it is refused."""
        kernel, say, path = open_kernel(LinuxKernel), self._say, self._path
        outcome = kernel.load(path, self._parameters, self._flags)
        if isinstance(outcome, Done):
            say.info(f"loaded {path}")
            return outcome
        self.status = 1
        if outcome.call == "open":
            line = f"could not load module {path}: {os.strerror(outcome.errno)}"
        else:
            line = f"could not insert module {path}: {insmod_text(outcome.errno, os.strerror)}"
        say.error(line)
        if say.explains or self._incident:
            from lkm.cli.failure import Explainer

            words = (path, *self._parameters.split())
            explainer = Explainer(
                say, kernel, incident=self._incident, arguments=words, verbose=say.priority == messages.INFO
            )
            told = explainer.load(outcome, path, self._parameters)
            self._findings = told.findings
            say.detail(*told.lines, explainer.keep(path, line, told.evidence))
        return outcome

    def fill(self, fields: Object) -> int:
        """Load, and put what came of it into the object for --json."""
        from lkm.report.document import result
        from lkm.report.finding import as_json

        fields |= {"path": self._path, "parameters": self._parameters, "result": None, "findings": []}
        fields["result"] = result(self.load(), os.strerror)
        fields["findings"] = [as_json(finding) for finding in self._findings]
        return self.status
