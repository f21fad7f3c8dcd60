"""``lkm unload``: remove modules, and what they alone needed; ``modprobe -r`` with friendlier words."""

from __future__ import annotations

from lkm.cli import verbs
from lkm.cli.modprobe import milliseconds
from lkm.cli.options import Option
from lkm.errors import LkmError, UsageError
from lkm.manager.unloading import How, Unloading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.verbs import Verb
    from lkm.report.document import Object

USAGE = """lkm unload [options] NAME|ALIAS|FILE...

Removes each, and what it alone needed, as the configuration of modprobe says. What is not loaded is no error. The
exit status tells why: docs/exit-codes.md."""
OPTIONS = (
    Option("n", "dry-run", "", "do nothing; print the plan, with a reason for each step"),
    Option("", "holders", "", "remove the modules that use it first"),
    Option("w", "wait", "MSEC", "try again for so long while a module is in use"),
    Option("i", "ignore-remove", "", "ignore commands and softdeps of what is named"),
    Option("f", "force", "", "even if it is in use, where the kernel was built to allow that. DANGEROUS"),
    Option("", "no-effects", "", "do not look at what it changes in the kernel"),
    *verbs.FAILURE,
    *verbs.COMMON,
)


def main(argv: list[str]) -> int:
    """Remove; see docs/exit-codes.md for the status."""
    return verbs.main("unload", USAGE, OPTIONS, argv[1:], _work)


def _work(verb: Verb, operands: list[str], fields: Object) -> int:
    try:
        wait = milliseconds(verb.given.get("wait", "0"))
    except LkmError as error:
        raise UsageError(error.what, hint="a number of milliseconds") from None
    given = verb.given
    how = How("holders" in given, wait, "ignore-remove" in given, "force" in given)
    unloading = Unloading(verb.session, how, verb.call)
    for word in operands:
        unloading.unload(word)
    fields |= verb.fields()
    return verb.status()
