"""Writes docs/diseases/: a page for each rule, which is its docstring. ``python -m scripts.diseases``"""

from __future__ import annotations

from pathlib import Path

from lkm.diagnose.engine import RULES
from lkm.diagnose.evidence import LOADS, SYSTEM_CALLS

DIRECTORY = Path(__file__).resolve().parent.parent / "docs/diseases"


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
        found[f"{rule.CODE}.md"] = f"# {rule.CODE}\n\n{title}\n\nThe kernel answers: {answers}.\n\n{_marked(body)}"
        index.append(f"| [{rule.CODE}]({rule.CODE}.md) | {title.rstrip('.')} | {answers} |")
    return {**found, "README.md": "\n".join(index) + "\n"}


def _answers(errnos: tuple[str, ...], calls: tuple[str, ...]) -> str:
    if not set(calls) & set(SYSTEM_CALLS):
        return "nothing: it is not asked"
    return ", ".join(filter(None, errnos)) or "nothing: it loads"


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


if __name__ == "__main__":
    main()
