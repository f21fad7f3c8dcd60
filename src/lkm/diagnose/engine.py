"""Asks all rules, in the order in which the kernel would notice."""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS, SYSTEM_CALLS
from lkm.diagnose.finding import CERTAIN, CERTAINTIES, LIKELY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.diagnose.evidence import Evidence
    from lkm.diagnose.finding import Finding

#: The rules, named for their files. What the kernel checks first is first.
RULES = (
    "forbidden",
    "install_command",
    "remove_command",
    "not_found",
    "bad_index",
    "no_module_support",
    "unload_unsupported",
    "user_namespace",
    "container",
    "not_allowed",
    "seccomp",
    "modules_disabled",
    "not_loaded",
    "in_use",
    "bad_call",
    "unreadable",
    "empty_file",
    "web_page",
    "wrong_compression",
    "bad_signature",
    "malformed_signature",
    "expired_key",
    "unsupported_hash",
    "unsigned",
    "unknown_key",
    "stripped_signature",
    "lockdown",
    "not_elf",
    "cut_file",
    "program",
    "other_machine",
    "damaged",
    "not_a_module",
    "stripped",
    "struct_size",
    "kernel_blacklist",
    "crc_mismatch",
    "other_kernel",
    "livepatch",
    "half_loaded",
    "permanent",
    "name_taken",
    "already_loaded",
    "built_in",
    "namespace",
    "dependency_cycle",
    "refused_need",
    "gpl_only",
    "proprietary_owner",
    "not_exported",
    "missing_option",
    "missing_symbol",
    "duplicate_symbol",
    "relocation",
    "bad_parameter",
    "unknown_parameter",
    "out_of_memory",
    "no_firmware",
    "no_device",
    "init_failed",
    "request_loop",
    "blacklisted",
    "shadowed",
    "shared_export",
    "absent_softdep",
)


def diagnose(evidence: Evidence, rules: Iterable[str] = RULES) -> tuple[Finding, ...]:
    """Return the findings: those that keep the module out first; the surest first; what the kernel notices first.

    A rule is asked where it is about the call that was made (``CALLS``; without it, about those that load), and not
    where the kernel has answered with an errno that is not among the rule's (of a rule with "", the module loads all
    the same). What is only possible, or not known, is left out where a certain cause is known.
    """
    found: list[Finding] = []
    call = evidence.attempt.call
    answered = evidence.attempt.errno if call in ("", *SYSTEM_CALLS) else ""
    for name in rules:
        rule = __import__(f"lkm.diagnose.rules.{name}", fromlist=["find"])
        if call not in getattr(rule, "CALLS", LOADS):
            continue
        if not answered or answered in rule.ERRNOS or "" in rule.ERRNOS:
            found += rule.find(evidence)
    if any(finding.certainty == CERTAIN and finding.errno for finding in found):
        found = [finding for finding in found if finding.certainty in (CERTAIN, LIKELY)]
    return tuple(sorted(found, key=lambda finding: (not finding.errno, CERTAINTIES.index(finding.certainty))))
