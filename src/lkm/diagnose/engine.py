"""Asks all rules, in the order in which the kernel would notice."""

from __future__ import annotations

from lkm.diagnose.finding import CERTAINTIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.diagnose.evidence import Evidence
    from lkm.diagnose.finding import Finding

#: The rules, named for their files. What the kernel checks first is first.
RULES = (
    "empty_file",
    "web_page",
    "not_elf",
    "cut_file",
    "program",
    "other_machine",
    "not_a_module",
    "other_kernel",
    "missing_symbol",
)


def diagnose(evidence: Evidence, rules: Iterable[str] = RULES) -> tuple[Finding, ...]:
    """Return the findings, the surest first; of those that are as sure, the one that the kernel notices first.

    A rule is not asked where the kernel has answered with an errno that is not among the rule's.
    """
    found: list[Finding] = []
    answered = evidence.attempt.errno
    for name in rules:
        rule = __import__(f"lkm.diagnose.rules.{name}", fromlist=["find"])
        if not answered or answered in rule.ERRNOS:
            found += rule.find(evidence)
    return tuple(sorted(found, key=lambda finding: CERTAINTIES.index(finding.certainty)))
