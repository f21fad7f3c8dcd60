"""``lkm load``: load modules by name, alias or file, with what they need; ``modprobe`` with friendlier words."""

from __future__ import annotations

from lkm.cli import verbs
from lkm.cli.options import Option
from lkm.errors import UsageError
from lkm.manager.loading import How, Loading
from lkm.system.interrupts import Interrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.verbs import Verb
    from lkm.report.document import Object

USAGE = """lkm load [options] NAME|ALIAS|FILE [PARAMETER=VALUE...] ...

Loads each with what it needs, as the configuration of modprobe says. A word with = is a parameter of the name before
it. When a request fails, what was loaded for it is removed again. The exit status tells why: docs/exit-codes.md."""
OPTIONS = (
    Option("n", "dry-run", "", "do nothing; print the plan, with a reason for each step"),
    Option("b", "use-blacklist", "", "apply the blacklist to names too, not only to aliases"),
    Option("i", "ignore-install", "", "ignore commands and softdeps of what is named"),
    Option("", "override-forbid", "", "load what the configuration forbids, in this one call"),
    Option("", "keep-partial", "", "when loading fails, leave in what was loaded for it"),
    Option("", "force-modversion", "", "ignore symbol versions. DANGEROUS"),
    Option("", "force-vermagic", "", "ignore the kernel version that it was built for. DANGEROUS"),
    Option("", "no-effects", "", "do not look at what it changes in the kernel"),
    *verbs.FAILURE,
    *verbs.COMMON,
)


def main(argv: list[str]) -> int:
    """Load; see docs/exit-codes.md for the status."""
    return verbs.main("load", USAGE, OPTIONS, argv[1:], _work)


def requests(words: list[str]) -> list[tuple[str, list[str]]]:
    """Return each name with its parameters. Raises UsageError when a parameter comes first.

    >>> requests(["loop", "max_loop=3", "vfat", "/a=b/c.ko", "dmi:x=y"])
    [('loop', ['max_loop=3']), ('vfat', []), ('/a=b/c.ko', []), ('dmi:x=y', [])]
    """
    found: list[tuple[str, list[str]]] = []
    for word in words:
        if "=" not in word or word.startswith(("/", "./")) or ":" in word.partition("=")[0]:
            found.append((word, []))
        elif not found:
            raise UsageError(f"'{word}' is a parameter, and no module is named before it")
        else:
            found[-1][1].append(word)
    return found


def _work(verb: Verb, operands: list[str], fields: Object) -> int:
    from lkm.config.parameters import joined

    how = How(**{field: field.replace("_", "-") in verb.given for field in How._fields})
    loading = Loading(verb.session, how, verb.call)
    try:
        for word, parameters in requests(operands):
            loading.load(word, joined(parameters))
    except Interrupted as signal:
        verb.signal = signal.number
    fields |= verb.fields()
    return verb.status()
