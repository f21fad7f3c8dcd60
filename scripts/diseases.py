"""Writes docs/diseases/: a page for each rule, which is its docstring; and docs/lint-rules.md, all rules of lint.

``python -m scripts.diseases``
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.contract.diseases import table
from tests.contract.rows import ROWS
from tests.support.remedies import status

from lkm.diagnose.engine import RULES
from lkm.diagnose.evidence import LOADS, SYSTEM_CALLS
from lkm.diagnose.finding import RISKY, Remedy
from lkm.lint import engine

DIRECTORY = Path(__file__).resolve().parent.parent / "docs/diseases"
LINT = DIRECTORY.with_name("lint-rules.md")


def pages() -> dict[str, str]:
    """Return the pages by file name, the index (README.md) among them."""
    found = {}
    index = [
        "# Why a module does not load, or cannot be removed",
        "",
        "What `lkm explain` finds, in the order in which tools and the kernel notice.",
        "",
    ]
    index += ["| code | what it is | the kernel answers |", "|---|---|---|"]
    for name in RULES:
        rule = __import__(f"lkm.diagnose.rules.{name}", fromlist=["find"])
        title, _, body = (rule.__doc__ or "").partition("\n\n")
        answers = _answers(rule.ERRNOS, getattr(rule, "CALLS", LOADS))
        page = f"# {rule.CODE}\n\n{title}\n\nThe kernel answers: {answers}.\n\n{_marked(body)}"
        found[f"{rule.CODE}.md"] = page + _remedies(rule.CODE, rule.REMEDIES)
        index.append(f"| [{rule.CODE}]({rule.CODE}.md) | {title.rstrip('.')} | {answers} |")
    index += ["", "[Case, answer, finding](table.md): which real kernel answers what, and what is found then."]
    return {**found, "README.md": "\n".join(index) + "\n", "table.md": table(ROWS)}


def _remedies(code: str, remedies: tuple[Remedy, ...]) -> str:
    """Return the remedies with their risk, and whether a test tries them; a word in capitals is what is filled in."""
    lines = ["", "## What is advised", ""]
    for remedy in remedies:
        risk = "**Risky**: " if remedy.risk == RISKY else ""
        lines.append(f"- {risk}{_holes(remedy.text)}" + (":" if remedy.command else ""))
        if remedy.command:
            lines.append(f"  `{_holes(remedy.command)}` ({status(code, remedy.command)})")
    return "\n".join(lines) + "\n"


def _holes(text: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda hole: hole[1].upper(), text)


def _answers(errnos: tuple[str, ...], calls: tuple[str, ...]) -> str:
    if not set(calls) & {*SYSTEM_CALLS, "open", "read"}:
        return "nothing: it is not asked"
    return ", ".join(filter(None, errnos)) or "nothing: it loads"


def lint_page() -> str:
    """Return the page of lint's rules."""
    parts = ["# The rules of lkm lint\n"]
    for name in engine.RULES:
        rule = __import__(f"lkm.lint.rules.{name}", fromlist=["find"])
        needs = "\nIt needs a module tree.\n" if rule.NEEDS_TREE else ""
        parts.append(f"## {rule.CODE}\n\n{_marked(rule.__doc__ or '')}{needs}")
    return "\n".join(parts)


def _marked(body: str) -> str:
    """Return reStructuredText's literals as Markdown's."""
    return body.replace("``", "`").rstrip() + "\n"


def main() -> None:
    """Write the pages, and remove those of rules that are gone."""
    DIRECTORY.mkdir(exist_ok=True)
    made = pages()
    for path in DIRECTORY.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (DIRECTORY / name).write_text(text)
    LINT.write_text(lint_page())


if __name__ == "__main__":
    main()
