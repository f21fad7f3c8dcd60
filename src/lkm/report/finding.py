r"""Findings in words, and as JSON."""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY
from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.diagnose.finding import Fact, Finding, Remedy

#: Findings whose evidence is what is wanted to know.
_TELLING = ("in-use", "init-failed", "no-device")
#: Findings that name the symbols; the kernel has a line for each.
_SYMBOLS = ("missing-symbol", "gpl-only", "not-exported", "missing-option", "proprietary-owner")
_QUOTED = 3


def lines_of(finding: Finding) -> list[str]:
    r"""Return a finding for people: what, the evidence with its places, why, and what to do.

    >>> from lkm.diagnose.finding import Fact, Finding, Remedy
    >>> finding = Finding("cut-file", "the file is cut off", "certain", "ENOEXEC", (Fact("9 bytes", "x.ko"),))
    >>> print("\n".join(lines_of(finding._replace(remedies=(Remedy("copy it again", "cp a b"),)))))
    the file is cut off [cut-file]
      seen: 9 bytes (x.ko)
      cure: copy it again: `cp a b`
    """
    lines = [_head(finding), *[f"  {_seen(fact)}" for fact in finding.facts]]
    if finding.because:
        lines.append(f"  why: {finding.because} ({finding.source})")
    return lines + [f"  {_cure(remedy)}" for remedy in finding.remedies]


def told(findings: Sequence[Finding], log: Sequence[str] = (), *, verbose: bool = False) -> tuple[str, ...]:
    r"""Return what a tool says below the line that tells of a failure, terse for a terminal; ``verbose``: in full.

    The first finding has its cures, and its evidence where that is what is wanted: who uses a module, what an init
    function has logged. Of the others a line is told. What the kernel has logged is always quoted.

    >>> from lkm.diagnose.finding import Fact, Finding, Remedy
    >>> cut = Finding("cut-file", "the file is cut off", "certain", "ENOEXEC", (Fact("9 bytes", "x.ko"),))
    >>> odd = cut._replace(code="odd", what="it is odd", certainty="likely")
    >>> print("\n".join(told((cut, odd), ["x: too short"])))
    the file is cut off [cut-file]
      seen: x: too short (kernel log)
    also: it is odd [likely, odd]
    """
    if not findings:
        return tuple(_quoted(log, verbose))
    if verbose:
        rest = [line for line in log if not any(line in f.text for finding in findings for f in finding.facts)]
        full = [line for finding in findings for line in lines_of(finding)]
        return (*full, *_quoted(_news(rest, findings), verbose))
    first = findings[0]
    lines = [_head(first, " (-v lists all)" if first.what.endswith(" more") else "")]
    facts = first.facts if first.certainty != CERTAIN or first.code in _TELLING else ()
    lines += [f"  {_seen(fact)}" for fact in facts if fact.origin not in ("/proc/modules", "kernel log")]
    lines += [f"  {line}" for line in _quoted(_news(log, findings), verbose)]
    lines += [f"  {_cure(remedy)}" for remedy in first.remedies]
    return (*lines, *[f"also: {_head(finding)}" for finding in findings[1:]])


def _news(log: Sequence[str], findings: Sequence[Finding]) -> Sequence[str]:
    """Return the lines that say more than the findings."""
    if not any(finding.code in _SYMBOLS for finding in findings):
        return log
    return [line for line in log if ": Unknown symbol " not in line]


def _quoted(log: Sequence[str], verbose: bool) -> list[str]:
    lines = list(dict.fromkeys(log))
    most = len(lines) if verbose else _QUOTED
    more = [f"and {len(lines) - most} more lines of the kernel's log (-v lists all)"] if len(lines) > most else []
    return [f"seen: {printable(line)} (kernel log)" for line in lines[:most]] + more


def _head(finding: Finding, hint: str = "") -> str:
    sure = "" if finding.certainty == CERTAIN else f"{finding.certainty}, "
    return f"{printable(finding.what)}{hint} [{sure}{finding.code}]"


def _seen(fact: Fact) -> str:
    return f"seen: {printable(fact.text)}" + (f" ({fact.origin})" if fact.origin else "")


def _cure(remedy: Remedy) -> str:
    kind = "risky" if remedy.risk == RISKY else "cure"
    return printable(f"{kind}: {remedy.text}" + (f": `{remedy.command}`" if remedy.command else ""))


def as_json(finding: Finding) -> dict[str, object]:
    """Return a finding as an object of schema lkm/1."""
    return {
        "code": finding.code,
        "what": finding.what,
        "certainty": finding.certainty,
        "errno": finding.errno or None,
        "evidence": [{"text": fact.text, "origin": fact.origin} for fact in finding.facts],
        "because": finding.because,
        "source": finding.source,
        "remedies": [{"text": r.text, "command": r.command, "risk": r.risk} for r in finding.remedies],
    }
