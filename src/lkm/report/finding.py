r"""Findings in words, and as JSON."""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.diagnose.finding import Finding


def lines_of(finding: Finding) -> list[str]:
    r"""Return a finding for people: what, the evidence with its places, why, and what to do.

    >>> from lkm.diagnose.finding import Fact, Finding, Remedy
    >>> finding = Finding("cut-file", "the file is cut off", "certain", "ENOEXEC", (Fact("9 bytes", "x.ko"),))
    >>> print("\n".join(lines_of(finding._replace(remedies=(Remedy("copy it again", "cp a b"),)))))
    the file is cut off [cut-file]
      seen: 9 bytes (x.ko)
      cure: copy it again: `cp a b`
    """
    sure = "" if finding.certainty == CERTAIN else f"{finding.certainty}, "
    lines = [f"{_printable(finding.what)} [{sure}{finding.code}]"]
    for fact in finding.facts:
        lines.append(f"  seen: {_printable(fact.text)}" + (f" ({fact.origin})" if fact.origin else ""))
    if finding.because:
        lines.append(f"  why: {finding.because} ({finding.source})")
    for remedy in finding.remedies:
        kind = "risky" if remedy.risk == RISKY else "cure"
        lines.append(_printable(f"  {kind}: {remedy.text}" + (f": `{remedy.command}`" if remedy.command else "")))
    return lines


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


def _printable(text: str) -> str:
    return "".join([char if char.isprintable() else f"\\x{ord(char):02x}" for char in text])
