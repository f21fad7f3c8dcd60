"""``lkm history``: what was asked for, by whom, and what came of it."""

from __future__ import annotations

import sys
import time

from lkm.autoload.history import Filter, line
from lkm.autoload.nouns import REQUESTERS, VERDICTS
from lkm.cli.kernels import open_kernel
from lkm.cli.messages import WARNING, Messages
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError, UsageError
from lkm.kernel.linux import LinuxKernel
from lkm.report.history import entry_line
from lkm.system.history import PLACE, VARIABLE, History, path_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.autoload.nouns import Entry
    from lkm.origin import Problem

USAGE = """lkm history [--since TIME] [--until TIME] [--alias WILDCARD] [--requester WHO] [--verdict WORD] [--failed]
            [--json] [-f]

Prints the requests for modules that the kernel's helper and lkmd answered, the oldest first. TIME is 30s, 10m, 2h or
7d (so long ago), HH:MM (today), YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS], or @SECONDS since the epoch."""
OPTIONS = (
    Option("", "since", "TIME", "only those from then on"),
    Option("", "until", "TIME", "only those until then"),
    Option("", "alias", "WILDCARD", "only those for such an alias, or that loaded such a module"),
    Option("", "requester", "WHO", f"only those by: {', '.join(REQUESTERS)}"),
    Option("", "verdict", "WORD", f"only those that policy said this to: {', '.join(VERDICTS)}"),
    Option("", "failed", "", "only those that came to nothing"),
    Option("", "json", "", "print each as a JSON object on a line, as they are in the file"),
    Option("f", "follow", "", "then go on, and print each as it comes"),
    Option("", "file", "PATH", f"the history ({PLACE}, or what {VARIABLE} says)"),
    VERSION,
    HELP,
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
#: How often a follower looks, in seconds.
_LOOK = 0.2


def main(argv: list[str]) -> int:
    """Print what is asked for; 0, or 2 when that is not possible. What cannot be read of it is told of."""
    understood = understand("lkm history", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return 2 if understood else 0
    options, operands = understood
    given = dict(options)
    say = Messages("lkm history")
    try:
        if operands:
            raise UsageError(f"unknown word '{operands[0]}'", hint="an alias goes after --alias")
        wanted = _filter(given, time.time())
        history = History(given.get("file", "") or path_of(open_kernel(LinuxKernel)))

        def show(entries: Iterable[Entry]) -> None:
            for entry in entries:
                if wanted.wants(entry):
                    text = line(entry) if "json" in given else entry_line(entry, _shown(entry.request.at))
                    sys.stdout.write(text + "\n")
                    if "follow" in given:
                        sys.stdout.flush()

        def complain(problem: Problem) -> None:
            say.problem(WARNING, problem)

        show(history.follow(_wait, complain) if "follow" in given else history.read(complain))
    except LkmError as error:
        say.error(str(error))
        say.detail(error.hint or ("run it as root" if getattr(error, "errno", 0) == 13 else ""))
        return 2
    return 0


def _wait() -> None:
    time.sleep(_LOOK)


def _shown(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) + f".{int(at * 1000) % 1000:03d}"
    except (ValueError, OverflowError, OSError):
        return f"@{at}"


def _filter(given: dict[str, str], now: float) -> Filter:
    """Return the filter of the options; raises UsageError."""
    for key, known in (("requester", REQUESTERS), ("verdict", VERDICTS)):
        if given.get(key, known[0]) not in known:
            raise UsageError(f"unknown {key} '{given[key]}'", hint=f"known are: {', '.join(known)}")
    since = moment(given["since"], now) if "since" in given else float("-inf")
    until = moment(given["until"], now) if "until" in given else float("inf")
    words = (given.get("alias", ""), given.get("requester", ""), given.get("verdict", ""))
    return Filter(since, until, *words, "failed" in given)


def moment(text: str, now: float) -> float:
    """Return the time that a text means, in seconds since the epoch; raises UsageError.

    >>> moment("10m", 1000.0), moment("@7.5", 0.0)
    (400.0, 7.5)
    """
    number, unit = text[:-1], text[-1:]
    try:
        if text.startswith("@"):
            return float(text[1:])
        if unit in _UNITS and number.isascii() and number.isdigit():
            return now - int(number) * _UNITS[unit]
        if len(text) == 5 and text[2] == ":":
            text = time.strftime("%Y-%m-%d ", time.localtime(now)) + text
    except ValueError:
        pass
    for form in _FORMS:
        try:
            return time.mktime(time.strptime(text, form))
        except (ValueError, OverflowError):
            continue
    raise UsageError(f"no time: '{text}'", hint="as 10m, 2h, 7d, 14:30, 2026-01-31, or '2026-01-31 14:30'")
