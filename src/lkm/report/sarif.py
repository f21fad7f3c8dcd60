"""A SARIF 2.1.0 log (OASIS, sarif-v2.1.0), for tools that show results of checks."""

from __future__ import annotations

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Row(Record):
    """One result: ``code`` names the rule, ``level`` is error, warning or note; line and column 0 are unknown."""

    code: str
    level: str
    text: str
    uri: str
    line: int = 0
    column: int = 0


def log_of(rows: Sequence[Row]) -> str:
    """Return the log of one run of lkm.

    >>> '"ruleId": "cut-file"' in log_of([Row("cut-file", "error", "it is cut off", "x.ko")])
    True
    """
    import json

    codes = sorted({row.code for row in rows})
    results = [
        {
            "ruleId": row.code,
            "ruleIndex": codes.index(row.code),
            "level": row.level,
            "message": {"text": row.text},
            "locations": [{"physicalLocation": _place(row)}],
        }
        for row in rows
    ]
    driver = {"name": "lkm", "rules": [{"id": code} for code in codes]}
    run = {"tool": {"driver": driver}, "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _place(row: Row) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": row.uri}}
    if row.line:
        place["region"] = {"startLine": row.line, **({"startColumn": row.column} if row.column else {})}
    return place
