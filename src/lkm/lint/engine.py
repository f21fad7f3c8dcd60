"""Asks all rules."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

#: The rules, named for their files.
RULES = (
    "dos_line_ends",
    "unreadable",
    "deprecated",
    "file_name",
    "trailing_comment",
    "load_arguments",
    "unknown_module",
    "built_in",
    "unknown_parameter",
    "bad_value",
    "options_never_apply",
    "overridden",
    "duplicate",
    "unset_nothing",
    "blacklist_needed",
    "blacklist_by_name",
    "cmdline_blacklist",
    "install_loop",
    "install_bypassed",
    "softdep_cycle",
    "override_nowhere",
    "hidden_file",
    "file_not_read",
    "stale_index",
)


def lint(case: Case, rules: Iterable[str] = RULES) -> tuple[Flaw, ...]:
    """Return the flaws in the order of the files and of the lines in them. Rules for a tree want one.

    Only the administrator's own files have edits.
    """
    found: list[Flaw] = []
    for name in rules:
        rule = _rule(name)
        if case.tree is not None or not rule.NEEDS_TREE:
            found += rule.find(case)
    own = {sheet.path for sheet in case.sheets if sheet.local}
    found = [flaw._replace(edit=None) if flaw.edit and flaw.edit.file not in own else flaw for flaw in found]
    order = {sheet.path: at for at, sheet in enumerate(case.sheets)}
    last = len(order)
    return tuple(
        sorted(found, key=lambda f: (order.get(f.origin.file, last), f.origin.file, f.origin.line, f.column, f.code))
    )


def unasked(case: Case, rules: Iterable[str] = RULES) -> tuple[str, ...]:
    """Return the codes of the rules that cannot tell, for want of a tree."""
    return tuple([_rule(name).CODE for name in rules if case.tree is None and _rule(name).NEEDS_TREE])


def _rule(name: str) -> Any:
    return __import__(f"lkm.lint.rules.{name}", fromlist=["find"])
