"""What ``lkm check`` has found: for people, as JSON, and as SARIF."""

from __future__ import annotations

from lkm.diagnose.finding import UNKNOWN as DOUBTED
from lkm.record import Record
from lkm.report.finding import as_json, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lkm.diagnose.finding import Finding
    from lkm.report.sarif import Row

LOADS, REFUSED, UNKNOWN = "loads", "refused", "unknown"
_WORDS = {LOADS: "would load", REFUSED: "would be refused", UNKNOWN: "cannot be told"}
#: The verdict of a finding about a module that another one keeps out already.
_TOO = "too"
_NOTES = {LOADS: "with a note", _TOO: "would be kept out by this too"}
#: So many modules with findings are told one by one; more by their causes.
_EACH = 10
_NAMES, _KINDS = 5, 6


class CheckResult(Record):
    """One module. ``verdict``: ``loads``, ``refused`` or ``unknown``. ``errno``: a name, what finit_module(2) would
    answer, "" unless it is refused. ``after``: what has to be loaded before it.
    """

    name: str
    path: str
    verdict: str
    errno: str = ""
    after: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def status_of(results: Sequence[CheckResult]) -> int:
    """Return the exit status: 1 where some would be refused, 2 where of some it cannot be told, else 0."""
    verdicts = {result.verdict for result in results}
    return 1 if REFUSED in verdicts else 2 if UNKNOWN in verdicts else 0


def text_of(results: Sequence[CheckResult], release: str, *, named: bool, verbose: bool = False) -> str:
    """Return the text for people.

    ``named``: those that load are told too. ``verbose``: all findings of all modules; else what has several findings
    of one kind shows the first, and of a tree with many sick modules the causes are told instead.
    """
    shown = [result for result in results if named or result.verdict != LOADS or result.findings]
    lines: list[str] = []
    if verbose or named or len(shown) <= _EACH:
        for result in shown:
            lines += _lines(result, named=named, verbose=verbose)
    else:
        lines += _causes(shown)
    counts = {verdict: sum(result.verdict == verdict for result in results) for verdict in _WORDS}
    plural = "module" if len(results) == 1 else "modules"
    told = [f"{n} {_WORDS[verdict]}" for verdict, n in counts.items() if n or verdict != UNKNOWN]
    lines.append(f"{len(results)} {plural} for {release}: {', '.join(told)}")
    return "\n".join(lines) + "\n"


def _lines(result: CheckResult, *, named: bool, verbose: bool) -> Iterator[str]:
    after = f" after {', '.join(result.after)}" if result.after and named else ""
    answer = f" ({result.errno})" if result.errno else ""
    where = f": {result.path}" if result.verdict != LOADS else ""
    yield f"{result.name}: {_WORDS[result.verdict]}{answer}{after}{where}"
    kinds: dict[str, list[Finding]] = {}
    for finding in result.findings:
        kinds.setdefault(finding.code, []).append(finding)
    for code, findings in kinds.items():
        for finding in findings if verbose else findings[:1]:
            yield from [f"  {line}" for line in lines_of(finding)]
        if len(findings) > 1 and not verbose:
            yield f"  and {len(findings) - 1} more [{code}] (-v tells all)"


def _causes(results: Sequence[CheckResult]) -> Iterator[str]:
    """Yield what is found, the kinds of finding that keep most modules out first; -v tells each module's."""
    groups: dict[tuple[str, str, str], dict[str, list[CheckResult]]] = {}
    for result in results:
        for finding in result.findings:
            verdict, number = result.verdict, result.errno
            if not finding.errno and finding.certainty != DOUBTED:
                verdict, number = LOADS, ""
            elif finding.code != result.findings[0].code:
                verdict, number = _TOO, ""
            group = groups.setdefault((verdict, number, finding.code), {})
            group.setdefault(_general(finding, result), []).append(result)
        if not result.findings:
            group = groups.setdefault((result.verdict, result.errno, "unknown"), {})
            group.setdefault("no cause is known", []).append(result)
    order = (REFUSED, UNKNOWN, _TOO, LOADS)
    ranked = sorted(groups.items(), key=lambda item: (order.index(item[0][0]), -len(_names(item[1])), item[0]))
    for (verdict, number, code), kinds in ranked:
        names = _names(kinds)
        answer = f" ({number})" if number else ""
        note = _NOTES.get(verdict) or _WORDS[verdict]
        yield f"{_count(len(names), 'module')} {note}{answer} [{code}]: {_some(names)}"
        common = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
        for what, these in common[:_KINDS]:
            yield f"  {len(these)}: {what}"
        if len(common) > _KINDS:
            yield f"  and {len(common) - _KINDS} more causes of this kind (-v tells all)"


def _general(finding: Finding, result: CheckResult) -> str:
    """Return what a finding says without the module's own name and file, so that the same is told once."""
    what = finding.what.replace(result.path, "its file")
    return f"it {what.removeprefix(f'{result.name} ')}" if what.startswith(f"{result.name} ") else what


def _names(kinds: dict[str, list[CheckResult]]) -> list[str]:
    return sorted({result.name for results in kinds.values() for result in results})


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + rest


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def as_object(result: CheckResult) -> dict[str, object]:
    """Return a result as an object of schema lkm/1."""
    return {
        "name": result.name,
        "file": result.path,
        "verdict": result.verdict,
        "errno": result.errno or None,
        "after": list(result.after),
        "findings": [as_json(finding) for finding in result.findings],
    }


def sarif(results: Sequence[CheckResult]) -> str:
    """Return a SARIF log: each finding; what keeps a module out is an error, what cannot be told a note."""
    from lkm.diagnose.engine import RULES
    from lkm.report.sarif import log_of, pages_of

    rows = [_row(result, finding) for result in results for finding in result.findings]
    return log_of(rows, pages_of("lkm.diagnose.rules", RULES))


def _row(result: CheckResult, finding: Finding) -> Row:
    from lkm.report.sarif import Row

    evidence = "; ".join([f"{fact.text} ({fact.origin})" if fact.origin else fact.text for fact in finding.facts])
    places = [(fact.origin.rpartition(":"), fact.text) for fact in finding.facts]
    properties = (("verdict", result.verdict), ("errno", result.errno), ("certainty", finding.certainty))
    return Row(
        finding.code,
        "note" if finding.certainty == DOUBTED else "error" if finding.errno else "warning",
        f"{result.name}: {finding.what}" + (f". Seen: {evidence}" if evidence else ""),
        result.path,
        f"{result.name}/{finding.code}/{finding.what}",
        related=tuple([(f, int(n), text) for (f, _, n), text in places if f.startswith("/") and n.isdecimal()]),
        properties=properties,
    )
