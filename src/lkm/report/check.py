"""What ``lkm check`` has found: for people, as JSON, and as SARIF."""

from __future__ import annotations

from lkm.record import Record
from lkm.report.finding import as_json, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.diagnose.finding import Finding


class Result(Record):
    """One module: ``errno`` is a name, "" when it would load; ``after`` what has to be loaded before it."""

    name: str
    path: str
    errno: str
    after: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def text_of(results: Sequence[Result], release: str, *, named: bool) -> str:
    """Return the text for people; modules that load are told by name only where they were ``named``."""
    lines = []
    for result in results:
        after = f" after {', '.join(result.after)}" if result.after and named else ""
        if result.errno:
            lines.append(f"{result.name}: would be refused ({result.errno}){after}: {result.path}")
        elif named or result.findings:
            lines.append(f"{result.name}: would load{after}")
        lines += [f"  {line}" for finding in result.findings for line in lines_of(finding)]
    refused = sum(result.errno != "" for result in results)
    plural = "module" if len(results) == 1 else "modules"
    lines.append(
        f"{len(results)} {plural} for {release}: {len(results) - refused} would load, {refused} would be refused"
    )
    return "\n".join(lines) + "\n"


def as_object(result: Result) -> dict[str, object]:
    """Return a result as an object of schema lkm/1."""
    return {
        "name": result.name,
        "file": result.path,
        "verdict": "refused" if result.errno else "loads",
        "errno": result.errno or None,
        "after": list(result.after),
        "findings": [as_json(finding) for finding in result.findings],
    }


def sarif(results: Sequence[Result]) -> str:
    """Return a SARIF 2.1.0 log: a result for each finding."""
    from lkm.report.sarif import Row, log_of

    found = [(result, finding) for result in results for finding in result.findings]
    rows = [(f.code, "error" if f.errno else "warning", f"{r.name}: {f.what}", r.path) for r, f in found]
    return log_of([Row(*row) for row in rows])
