"""``lkm check``: would modules load into a kernel, and if not, why? Nothing is loaded; no root and no kmod needed."""

from __future__ import annotations

import sys
import tempfile

from lkm.cli.answer import asked
from lkm.cli.kernels import open_kernel
from lkm.cli.load import requests
from lkm.cli.options import Option
from lkm.cli.progress import Progress
from lkm.cli.standard import HELP, VERSION
from lkm.config.parameters import joined
from lkm.errors import UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.manager.check_case import Case
from lkm.manager.check_kernel import Against
from lkm.manager.newworld import policy
from lkm.report.check import as_object, sarif, status_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.report.document import Object

USAGE = """lkm check [options] NAME|FILE [PARAMETER=VALUE...] ...
       lkm check [options] --all

Tells whether each module would load into a kernel after what it needs: an image (--image), or boot/vmlinuz-RELEASE
below the root. Its checks are made in its order, signatures and symbol versions too. A module that is named is given
what the root's configuration says, as modprobe does; a file is not, as insmod. What a module's own init does is not
known. Status: 0 all would load, 1 some would not, 2 of some it could not be told (docs/check.md)."""
OPTIONS = (
    Option("", "all", "", "check all modules of the tree"),
    Option("", "image", "IMAGE", "the kernel: vmlinuz, vmlinux or a User-Mode Linux binary"),
    Option("d", "dirname", "DIR", "the root below which modules and configuration are"),
    Option("S", "set-version", "VERSION", "the release of the modules, if not the image's, or the running kernel's"),
    Option("C", "config", "PATH", "configuration to read instead of the root's; may be given again"),
    Option("", "symvers", "FILE", "exports and CRCs from a build's Module.symvers, without an image or in addition"),
    Option("", "system-map", "FILE", "exports from System.map or /proc/kallsyms, without an image or in addition"),
    Option(
        "", "key", "CERT", "trust this X.509 certificate too (DER or PEM), as an enrolled MOK; may be given again"
    ),
    Option("", "policy", "WORDS", "sig_enforce, lockdown=LEVEL, modules_disabled, module_blacklist=A,B ..."),
    Option("", "cmdline", "TEXT", "the kernel's command line: policy, and parameters of modules"),
    Option("v", "verbose", "", "tell all findings of each module"),
    Option("", "json", "", "answer with a JSON object (docs/json.md)"),
    Option("", "sarif", "", "answer in SARIF 2.1.0, for tools that show results of checks"),
    VERSION,
    HELP,
)


def main(argv: list[str]) -> int:
    """Check; see USAGE for the status."""
    return asked("check", USAGE, OPTIONS, argv[1:], _check, many=("config", "key"))


def _check(given: dict[str, str], operands: list[str], fields: Object) -> int:
    if bool(operands) == ("all" in given):
        raise UsageError("name modules or files, or give --all, not both", hint="`lkm check --help` tells more")
    policy(given.get("policy", ""))
    wanted = [(word, joined(words)) for word, words in requests(operands)]
    with tempfile.TemporaryDirectory(prefix="lkm-check-") as place:
        case = Case(open_kernel(LinuxKernel), _against(given), place)
        if "all" in given:
            with Progress("lkm check") as progress:
                results = case.all(progress.show)
        else:
            results = [case.one(*each) for each in wanted]
    if "json" in given:
        fields |= {"release": case.release, "modules": [as_object(result) for result in results]}
    elif "sarif" in given:
        sys.stdout.write(sarif(results))
    else:
        text = text_of(results, case.release, named="all" not in given, verbose="verbose" in given)
        sys.stdout.write(text)
    return status_of(results)


def _against(given: dict[str, str]) -> Against:
    def many(key: str) -> tuple[str, ...]:
        return tuple([value for value in given.get(key, "").split("\n") if value])

    return Against(
        given.get("dirname", ""),
        given.get("set-version", ""),
        given.get("image", ""),
        given.get("symvers", ""),
        given.get("system-map", ""),
        many("config"),
        many("key"),
        given.get("policy", ""),
        given.get("cmdline", ""),
    )
