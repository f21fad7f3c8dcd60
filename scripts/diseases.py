"""Writes docs/diseases/: a page for each rule, which is its docstring; and docs/lint-rules.md, all rules of lint.

``python -m scripts.diseases``
"""

from __future__ import annotations

from pathlib import Path

from lkm.diagnose.engine import RULES
from lkm.lint import engine

DIRECTORY = Path(__file__).resolve().parent.parent / "docs/diseases"
LINT = DIRECTORY.with_name("lint-rules.md")


def pages() -> dict[str, str]:
    """Return the pages by file name, the index (README.md) among them."""
    found = {}
    index = [
        "# Why a module does not load",
        "",
        "What `lkm explain` finds, in the order in which the kernel notices.",
        "",
    ]
    index += ["| code | what it is | the kernel answers |", "|---|---|---|"]
    for name in RULES:
        rule = __import__(f"lkm.diagnose.rules.{name}", fromlist=["find"])
        title, _, body = (rule.__doc__ or "").partition("\n\n")
        answers = ", ".join(filter(None, rule.ERRNOS)) or "nothing: it loads"
        found[f"{rule.CODE}.md"] = f"# {rule.CODE}\n\n{title}\n\nThe kernel answers: {answers}.\n\n{_marked(body)}"
        index.append(f"| [{rule.CODE}]({rule.CODE}.md) | {title.rstrip('.')} | {answers} |")
    return {**found, "README.md": "\n".join(index) + "\n"}


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
