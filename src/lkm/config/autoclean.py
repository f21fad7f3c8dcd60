"""The text of autoclean.conf and autoclean.d → when idle modules go, and which ones never do.

Lines, words and comments are those of modprobe.d. What is said last counts. Among lines with patterns the last one
that matches the module does; ``never`` and ``idle`` with patterns are of one kind, so one ends the other.

>>> text = "mode active\\nidle 10m nfs*\\nnever nfsd because it starts slowly\\n"
>>> settings = assemble_autoclean([("a.conf", text)])
>>> settings.active, settings.idle("nfsv4").seconds, str(settings.idle("nfsv4").origin), settings.idle("fat").seconds
(True, 600, 'a.conf:2', 60)
>>> settings.never("nfsd").because, settings.never("fat")
('it starts slowly', None)
>>> print(assemble_autoclean([("a.conf", "idle soon")]).problems[0])
a.conf:1: 'soon' is no time
"""

from __future__ import annotations

from lkm.config.lines import BLANKS, Line, logical_lines, word_at, words
from lkm.config.nearest import hint_for
from lkm.errors import FormatError
from lkm.names import fold_alias
from lkm.origin import Origin, Problem
from lkm.record import Record
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: Directive → its form, for hints.
SYNTAX = {
    "idle": "idle TIME [MODULE...]",
    "mode": "mode active|dry-run",
    "never": "never MODULE... [because TEXT]",
    "period": "period TIME",
    "unused": "unused TIME|never [MODULE...]",
}
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = "90, 90s, 5m, 2h or 1d"

DEFAULT = Origin("built-in default")
#: Two sweeps a minute apart, as kerneld made them.
PERIOD = IDLE = 60
#: After so long a module that was never seen in use is taken for used: short uses between two sweeps are not seen.
UNUSED = 600

#: What has an effect that no count shows, while nothing refers to it.
_KEPT = (
    ("brd", "what is in a RAM disk would be lost"),
    ("zram", "what is in a compressed RAM disk would be lost"),
    ("nf_tables", "its rules would be lost"),
    *[(f"{kind}table_*", "the policy of a chain is no use") for kind in ("ip", "ip6", "arp", "eb")],
    ("br_netfilter", "bridged packets would pass the firewall"),
    ("netconsole", "the kernel's messages would not be sent any more"),
    ("ramoops", "it waits for a crash"),
)


class Rule(Record):
    """A line that is about modules (``pattern``; empty: all of which no other line speaks).

    ``seconds`` is None for ``never`` and ``unused never``.
    """

    kind: str
    pattern: str
    seconds: int | None
    origin: Origin
    because: str = ""


class AutocleanSettings(Record):
    """What the files say. ``mode`` is where ``active`` is said, ``rules`` are in the order of reading."""

    active: bool = False
    mode: Origin = DEFAULT
    period: int = PERIOD
    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()

    def never(self, module: str) -> Rule | None:
        """Return the line that keeps a module for good, or None."""
        rule = self._last(("never", "idle"), module)
        return rule if rule is not None and rule.kind == "never" else None

    def idle(self, module: str) -> Rule:
        """Return the line that says how long a module must have been idle."""
        rule = self._last(("never", "idle"), module)
        if rule is None or rule.kind == "never":
            rule = self._last(("idle",), "")
        return rule or Rule("idle", "", IDLE, DEFAULT)

    def unused(self, module: str) -> Rule:
        """Return the line that says after how long a module that was never used is taken for used."""
        return self._last(("unused",), module) or self._last(("unused",), "") or Rule("unused", "", UNUSED, DEFAULT)

    def _last(self, kinds: tuple[str, ...], module: str) -> Rule | None:
        """Return the last line of these kinds for a module; "": that without patterns."""
        for rule in reversed(self.rules):
            if rule.kind in kinds and (matches(rule.pattern, module) if module else not rule.pattern):
                return rule
        return None


def assemble_autoclean(files: Iterable[tuple[str, str]], defaults: bool = True) -> AutocleanSettings:
    """Return the settings from (file name, text) in the order of reading. ``defaults``: with the built-in rules."""
    kept = [Rule("never", pattern, None, DEFAULT, because) for pattern, because in _KEPT]
    settings = AutocleanSettings(rules=tuple(kept) if defaults else ())
    for file, text in files:
        settings = _read(settings, file, text)
    return settings


def _read(settings: AutocleanSettings, file: str, text: str) -> AutocleanSettings:
    for line in logical_lines(text):
        keyword, *rest = words(line.text, BLANKS) or [""]
        if not keyword or line.text[0] == "#":
            continue
        origin = Origin(file, line.first)
        try:
            if keyword not in SYNTAX:
                raise FormatError(f"unknown directive {keyword!r}", offset=0, hint=hint_for(keyword, SYNTAX))
            settings = _stated(settings, keyword, rest, origin)
        except FormatError as error:
            column = _column(line, max(0, error.offset))
            problem = Problem(origin, error.what, line.text, column, error.hint or f"the form is: {SYNTAX[keyword]}")
            settings = settings._replace(problems=(*settings.problems, problem))
    return settings


def _stated(settings: AutocleanSettings, keyword: str, rest: list[str], origin: Origin) -> AutocleanSettings:
    """Return the settings with what a line states; raises FormatError, whose offset is the word's number."""
    if not rest:
        raise FormatError(f"'{keyword}' needs more words", offset=1)
    if keyword in ("mode", "period") and len(rest) > 1:
        raise FormatError(f"'{keyword}' takes one word", offset=2)
    if keyword == "mode":
        if rest[0] not in ("active", "dry-run"):
            raise FormatError(f"unknown mode {rest[0]!r}", offset=1)
        return settings._replace(active=rest[0] == "active", mode=origin)
    if keyword == "period":
        seconds = seconds_of(rest[0])
        if not seconds:
            raise FormatError("a period of 0 is none", offset=1)
        return settings._replace(period=seconds)
    if keyword == "never":
        at = rest.index("because") if "because" in rest else len(rest)
        patterns, because, seconds_or_none, first = rest[:at], " ".join(rest[at + 1 :]), None, 1
    else:
        seconds_or_none = None if keyword == "unused" and rest[0] == "never" else seconds_of(rest[0])
        patterns, because, first = rest[1:] or [""], "", 2
    if not patterns:
        raise FormatError("'never' names no module", offset=1)
    rules = [
        Rule(keyword, _pattern(word, first + at), seconds_or_none, origin, because)
        for at, word in enumerate(patterns)
    ]
    return settings._replace(rules=(*settings.rules, *rules))


def seconds_of(word: str) -> int:
    """Return the seconds of a time.

    >>> seconds_of("90"), seconds_of("5m"), seconds_of("1d")
    (90, 300, 86400)
    """
    digits = word.rstrip("smhd")
    unit = word[len(digits) :]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and unit in _UNITS):
        raise FormatError(f"{word!r} is no time", offset=1, hint=f"write {_TIME}")
    return int(digits) * _UNITS[unit]


def _pattern(word: str, number: int) -> str:
    try:
        return fold_alias(word)
    except FormatError as error:
        raise FormatError(error.what, offset=number, hint="write brackets in pairs: [ab] is an a or a b") from None


def _column(line: Line, number: int) -> int:
    """Return the 1-based column of a line's word; of the end when there are fewer."""
    at = 0
    for _ in range(number):
        word, start = word_at(line.text, at)
        at = start + len(word)
    return word_at(line.text, at)[1] + 1
