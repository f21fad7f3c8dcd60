"""Results of ``lkm check`` as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for CI services."""

from __future__ import annotations

import json
from urllib.parse import quote

from lkm import __version__
from lkm.diagnose.engine import RULES
from lkm.diagnose.finding import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.diagnose.finding import Finding
    from lkm.report.check import Result

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(results: Sequence[Result]) -> str:
    """Return a log: a result for each finding; what keeps a module out is an error, what cannot be told a note."""
    found = [(result, finding) for result in results for finding in result.findings]
    codes = sorted({finding.code for _, finding in found})
    driver = {
        "name": "lkm",
        "version": __version__,
        "rules": [_rule(code) for code in codes],
    }
    rows = [_row(result, finding, codes.index(finding.code)) for result, finding in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": rows}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _row(result: Result, finding: Finding, index: int) -> dict[str, object]:
    level = "note" if finding.certainty == UNKNOWN else "error" if finding.errno else "warning"
    evidence = "; ".join([f"{fact.text} ({fact.origin})" if fact.origin else fact.text for fact in finding.facts])
    related = [
        {"physicalLocation": _place(file, int(line)), "message": {"text": fact.text}}
        for fact in finding.facts
        for file, _, line in [fact.origin.rpartition(":")]
        if file.startswith("/") and line.isdecimal()
    ]
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": level,
        "message": {"text": f"{result.name}: {finding.what}" + (f". Seen: {evidence}" if evidence else "")},
        "locations": [{"physicalLocation": _place(result.path, 1)}],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"lkmFinding/v1": f"{result.name}/{finding.code}/{finding.what}"},
        "properties": {"verdict": result.verdict, "errno": result.errno, "certainty": finding.certainty},
    }


def _place(path: str, line: int) -> dict[str, object]:
    """Return a place; modules have no lines, but services want one."""
    uri = quote(path.encode("utf-8", "surrogateescape"))
    return {
        "artifactLocation": {"uri": f"file://{uri}" if path.startswith("/") else uri},
        "region": {"startLine": line},
    }


def _rule(code: str) -> dict[str, object]:
    """Return a rule with its manual page as help: the docstring of the disease."""
    text = _pages().get(code, "What cannot be told, as evidence of the kernel is missing.")
    title, _, body = text.partition("\n\n")
    return {
        "id": code,
        "shortDescription": {"text": title.replace("``", "`")},
        "help": {
            "text": body.replace("``", "`").strip() or title,
            "markdown": body.replace("``", "`").strip() or title,
        },
    }


def _pages() -> dict[str, str]:
    rules = [__import__(f"lkm.diagnose.rules.{name}", fromlist=["CODE"]) for name in RULES]
    return {rule.CODE: rule.__doc__ or "" for rule in rules}
