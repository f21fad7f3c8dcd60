"""``lkm explain``: why a module did not load, or would not; for a file, a name, a kernel's log, or an incident."""

from __future__ import annotations

import errno
import sys

from lkm.cli.answer import asked
from lkm.cli.kernels import of_today, open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION
from lkm.diagnose.engine import diagnose
from lkm.diagnose.loglines import plain, refusals
from lkm.errors import UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.manager.explanation import Case, Explanation
from lkm.report.finding import as_json, lines_of
from lkm.system.files import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.report.document import Object

USAGE = """lkm explain [options] FILE|NAME [PARAMETER=VALUE...]
       lkm explain [options] --log FILE|-
       lkm explain [--json] --incident FILE

Says what keeps a module from being loaded: the cause, the evidence with its place, why the kernel minds, and what to
do. Without --errno it says what is foreseen. With a log alone it explains the modules that were refused there.
An incident is what --incident of insmod, rmmod, modprobe, load and unload has written, here or on another machine.
Status: 0 something was found, 1 nothing was, 2 it could not be told."""
OPTIONS = (
    Option("", "errno", "ERRNO", "what the kernel has answered: ENOEXEC, 8 ..."),
    Option("", "log", "FILE", "what the kernel has logged: dmesg's or journalctl's output; - for standard input"),
    Option("", "incident", "FILE", "what a tool has written when it failed"),
    Option("", "image", "IMAGE", "the kernel: vmlinuz, vmlinux or a User-Mode Linux binary; not the running one"),
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("", "json", "", "answer with a JSON object (docs/json.md)"),
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Explain; see USAGE for the status."""
    return asked("explain", USAGE, OPTIONS, argv[1:], _explain)


def _explain(given: dict[str, str], operands: list[str], fields: Object) -> int:
    told = _of_incident(given, operands) if "incident" in given else _told(given, operands)
    fields["modules"] = [
        {"name": each.name, "file": each.path or None, "findings": [as_json(finding) for finding in each.findings]}
        for each in told
    ]
    if "json" not in given:
        sys.stdout.write("\n".join([_text(each) for each in told]))
        if not told:
            sys.stdout.write("no refused module is in this log\n")
    return 0 if any(each.findings for each in told) else 1


def _told(given: dict[str, str], operands: list[str]) -> list[Explanation]:
    log = _log(given["log"]) if "log" in given else ()
    if not operands and "log" not in given:
        what = "name a module file or a module, or give a log or an incident"
        raise UsageError(what, hint="`lkm explain --help` tells more")
    if "image" not in given:
        of_today()
    case = Case(
        open_kernel(LinuxKernel),
        root=given.get("dirname", ""),
        release=given.get("set-version", ""),
        image=given.get("image", ""),
    )
    if operands:
        return [case.of(operands[0], _errno(given.get("errno", "")), log, tuple(operands[1:]))]
    return [case.of(name, number, lines) for name, (number, lines) in refusals(log).items()]


def _of_incident(given: dict[str, str], operands: list[str]) -> list[Explanation]:
    from lkm.report.incident import parse

    if operands or set(given) - {"incident", "json"}:
        raise UsageError("an incident has all that is known", hint="give nothing else beside --incident FILE")
    told = []
    for failure in parse(read_text(given["incident"]), given["incident"]).failures:
        evidence = failure.evidence
        told.append(Explanation(evidence.name, evidence.file.path if evidence.file else "", diagnose(evidence)))
    return told


def _text(told: Explanation) -> str:
    found = told.findings
    lines = [f"{told.path or told.name}:" + ("" if found else " nothing is found that would keep it out")]
    for finding in found:
        lines += [f"  {line}" for line in lines_of(finding)]
    return "\n".join(lines) + "\n"


def _errno(word: str) -> str:
    """Return an errno's name. Raises UsageError for a word that is none."""
    if not word or word in errno.errorcode.values():
        return word
    name = errno.errorcode.get(abs(int(word))) if word.lstrip("-").isdecimal() else None
    if name is None:
        raise UsageError(f"'{word}' is no error number", hint="a name as ENOEXEC, or its number")
    return name


def _log(path: str) -> tuple[str, ...]:
    text = sys.stdin.buffer.read().decode("utf-8", "replace") if path == "-" else read_text(path)
    return tuple([plain(line) for line in text.splitlines()])
