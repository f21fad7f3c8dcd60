"""SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for CI services that show results of checks."""

from __future__ import annotations

import json
from urllib.parse import quote

from lkm import __version__
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: For findings that are of no rule.
_NO_PAGE = "What cannot be told, as evidence of the kernel is missing."


class Row(Record):
    """One result: ``code`` names the rule, ``level`` is error, warning or note. ``line`` is 1-based (0: the file has
    none, or all of it is meant), and so is ``column`` (0: all of the line).

    ``related`` are other places, with what is there: (path, line, text). ``key`` stays the same from run to run, by
    which services know a result again. ``properties`` are lkm's own.
    """

    code: str
    level: str
    text: str
    path: str
    key: str
    line: int = 0
    column: int = 0
    related: tuple[tuple[str, int, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()


def log_of(rows: Sequence[Row], pages: Mapping[str, str]) -> str:
    """Return the log of one run of lkm; ``pages`` are the manual pages of the rules, by code.

    >>> '"ruleId": "cut-file"' in log_of([Row("cut-file", "error", "it is cut off", "x.ko", "x")], {})
    True
    """
    codes = sorted({row.code for row in rows})
    rules = [_rule(code, pages.get(code, _NO_PAGE)) for code in codes]
    driver = {"name": "lkm", "version": __version__, "rules": rules}
    results = [_result(row, codes.index(row.code)) for row in rows]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def pages_of(package: str, rules: Iterable[str]) -> dict[str, str]:
    """Return code → manual page, which is the docstring, of the rules in a package."""
    modules = [__import__(f"{package}.{name}", fromlist=["CODE"]) for name in rules]
    return {module.CODE: module.__doc__ or "" for module in modules}


def _result(row: Row, index: int) -> dict[str, object]:
    related = [
        {"physicalLocation": _place(path, line), "message": {"text": text}} for path, line, text in row.related
    ]
    return {
        "ruleId": row.code,
        "ruleIndex": index,
        "level": row.level,
        "message": {"text": row.text},
        "locations": [{"physicalLocation": _place(row.path, row.line, row.column)}],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"lkmFinding/v1": row.key},
        **({"properties": dict(row.properties)} if row.properties else {}),
    }


def _place(path: str, line: int, column: int = 0) -> dict[str, object]:
    """Return a place; modules have no lines, but services want one."""
    uri = quote(path.encode("utf-8", "surrogateescape"))
    return {
        "artifactLocation": {"uri": f"file://{uri}" if path.startswith("/") else uri},
        "region": {"startLine": line or 1, **({"startColumn": column} if column else {})},
    }


def _rule(code: str, page: str) -> dict[str, object]:
    """Return a rule with its manual page as help."""
    title, _, body = page.replace("``", "`").partition("\n\n")
    body = body.strip() or title
    return {"id": code, "shortDescription": {"text": title}, "help": {"text": body, "markdown": body}}
