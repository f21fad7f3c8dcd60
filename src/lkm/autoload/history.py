r"""A line of the history ↔ its noun. A line is a JSON object in ASCII; it ends with a line feed, or it is torn.

Fields may be added, so what is unknown is ignored; what is missing has its default. The writer is one of its own: the
kernel waits for the helper, and importing ``json`` would take longer than all else that it records.

>>> from lkm.autoload.nouns import ALLOW, KERNEL, Outcome, Request, Verdict
>>> entry = Entry(Request("fs-minix", KERNEL, 7.5), Verdict(ALLOW), Outcome(0, "done", ("minix",)))
>>> parse(line(entry)) == entry, parse('{"at": 7.5, "ali')
(True, None)
"""

from __future__ import annotations

from lkm.autoload.nouns import REQUESTERS, VERDICTS, Entry, Outcome, Request, Verdict
from lkm.origin import Origin
from lkm.record import Record
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def line(entry: Entry) -> str:
    """Return the line, without its end. Times are rounded to microseconds; odd text comes as lone surrogates."""
    request, verdict, outcome = entry.request, entry.verdict, entry.outcome
    origin = verdict.origin
    fields: dict[str, object] = {
        "at": round(request.at, 6),
        "requester": request.requester,
        "alias": request.alias,
        "pid": request.pid,
        "uid": request.uid,
        "comm": request.comm,
        "autoclean": request.autoclean,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "file": origin.file if origin else "",
        "line": origin.line if origin else 0,
    }
    if outcome is not None:
        fields |= {
            "status": outcome.status,
            "cause": outcome.cause,
            "modules": outcome.modules,
            "text": outcome.text,
            "seconds": round(outcome.seconds, 6),
            "shared": outcome.shared,
        }
    return "{" + ", ".join([f'"{name}": {_json(value)}' for name, value in fields.items()]) + "}"


def _json(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, tuple):
        return "[" + ", ".join([_json(each) for each in value]) + "]"
    text = str(value)
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join([_escaped(char) for char in text]) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if " " <= char <= "~":
        return char
    number = ord(char)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def parse(text: str) -> Entry | None:
    """Return the entry of a line, None for one that is torn or no such line at all."""
    import json

    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _entry(fields) if isinstance(fields, dict) else None


def _entry(fields: Mapping[str, object]) -> Entry | None:
    """Return the entry of an object that has what no entry lacks, each of its type."""
    at = _time(fields, "at")
    if at is None:
        return None
    requester, verdict = _text(fields, "requester"), _text(fields, "verdict")
    if requester not in REQUESTERS or verdict not in VERDICTS or not isinstance(fields.get("alias"), str):
        return None
    autoclean = fields.get("autoclean") is True
    pid, uid = _number(fields, "pid", -1), _number(fields, "uid", -1)
    request = Request(_text(fields, "alias"), requester, at, pid, uid, _text(fields, "comm"), autoclean)
    file = _text(fields, "file")
    origin = Origin(file, _number(fields, "line", 0)) if file else None
    outcome = None
    if "status" in fields:
        modules = fields.get("modules")
        outcome = Outcome(
            _number(fields, "status", 1),
            _text(fields, "cause"),
            tuple([name for name in modules if isinstance(name, str)]) if isinstance(modules, list) else (),
            _text(fields, "text"),
            _time(fields, "seconds") or 0.0,
            fields.get("shared") is True,
        )
    return Entry(request, Verdict(verdict, _text(fields, "reason"), origin), outcome)


def _time(fields: Mapping[str, object], name: str) -> float | None:
    value = fields.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) < 1e12:
        return None
    return float(value)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, object], name: str, default: int) -> int:
    value = fields.get(name, default)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


class Filter(Record):
    """Which entries are wanted. ``alias`` is a wildcard, for the alias or a module that was loaded; "" is any."""

    since: float = float("-inf")
    until: float = float("inf")
    alias: str = ""
    requester: str = ""
    verdict: str = ""
    failed: bool = False

    def wants(self, entry: Entry) -> bool:
        """Tell whether an entry is one of them."""
        request, outcome = entry.request, entry.outcome
        if not self.since <= request.at <= self.until:
            return False
        if self.requester not in ("", request.requester) or self.verdict not in ("", entry.verdict.word):
            return False
        if self.failed and (outcome is None or outcome.status == 0):
            return False
        names = (request.alias, *(outcome.modules if outcome else ()))
        return not self.alias or any(_fold(self.alias, name) for name in names)


def _fold(pattern: str, name: str) -> bool:
    """Tell whether a wildcard fits a name, whichever of ``-`` and ``_`` each has."""
    from lkm.errors import FormatError
    from lkm.names import fold_alias

    try:
        pattern = fold_alias(pattern)
    except FormatError:
        return False
    return matches(pattern, name.replace("-", "_"))
