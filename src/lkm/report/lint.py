"""What ``lkm lint`` has found: for people, as JSON, and as SARIF; and what ``--fix`` changes, as a diff."""

from __future__ import annotations

from lkm.lint.nouns import LEVELS, NOTE
from lkm.report.caret import under

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lkm.lint.nouns import Flaw


def lines_of(flaw: Flaw) -> list[str]:
    r"""Return a flaw for people: place, what, the line with a caret, why, and what to do.

    >>> from lkm.lint.nouns import Flaw
    >>> from lkm.origin import Origin
    >>> row = Flaw("x", "error", "no such thing", Origin("x.conf", 2), "blacklist a", 11, "why", "write b")
    >>> print("\n".join(lines_of(row)))
    x.conf:2:11: error: no such thing [x]
      blacklist a
                ^ write b
      why: why
    """
    place = flaw.origin.file + (f":{flaw.origin.line}" if flaw.origin.line else "")
    place += f":{flaw.column}" if flaw.column and flaw.origin.line else ""
    lines = [f"{place}: {flaw.level}: {_printable(flaw.what)} [{flaw.code}]"]
    advice = _printable(flaw.advice)
    if flaw.column:
        lines += [f"  {line}" for line in under(flaw.text, flaw.column, advice)]
    elif advice:
        lines.append(f"  do: {advice}")
    return [*lines, f"  why: {flaw.because}"] if flaw.because else lines


def text_of(flaws: Sequence[Flaw], files: int, release: str, mended: int = 0, done: str = "mended") -> str:
    """Return all flaws and a summary; ``mended`` files were changed, or would be, as ``done`` tells."""
    lines = [line for flaw in flaws for line in lines_of(flaw)]
    counts = [(sum(flaw.level == level for flaw in flaws), level) for level in LEVELS]
    said = ", ".join([f"{count} {level}{'' if count == 1 else 's'}" for count, level in counts if count])
    safe = sum(flaw.edit is not None for flaw in flaws)
    tail = f"; --fix mends {safe} of them" if safe else ""
    if mended:
        tail = f"; {_files(mended)} {done}"
    lines.append(f"{_files(files)}{f' for {release}' if release else ''}: {said or 'nothing found'}{tail}")
    return "\n".join(lines) + "\n"


def _files(count: int) -> str:
    return f"{count} file" + ("" if count == 1 else "s")


def as_object(flaw: Flaw) -> dict[str, object]:
    """Return a flaw as an object of schema lkm/1."""
    return {
        "code": flaw.code,
        "level": flaw.level,
        "what": flaw.what,
        "file": flaw.origin.file,
        "line": flaw.origin.line or None,
        "column": flaw.column or None,
        "word": flaw.origin.word or None,
        "text": flaw.text,
        "because": flaw.because,
        "advice": flaw.advice,
        "fixable": flaw.edit is not None,
    }


def sarif(flaws: Sequence[Flaw]) -> str:
    """Return a SARIF log: a result for each flaw."""
    from lkm.lint.engine import RULES
    from lkm.report.sarif import Row, log_of, pages_of

    rows = []
    for flaw in flaws:
        text = f"{flaw.what}; {flaw.advice}" if flaw.advice else flaw.what
        key = f"{flaw.origin.file}/{flaw.code}/{flaw.what}"
        rows.append(Row(flaw.code, flaw.level, text, flaw.origin.file, key, flaw.origin.line, flaw.column))
    return log_of(rows, pages_of("lkm.lint.rules", RULES))


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what changes, file by file, as ``diff -u`` would."""
    import difflib

    lines: list[str] = []
    for path in sorted(after):
        old, new = [text.removesuffix("\n").split("\n") for text in (before[path], after[path])]
        lines += [f"{line}\n" for line in difflib.unified_diff(old, new, path, path, lineterm="")]
    return _printable("".join(lines), keep="\n\t")


def failed(flaws: Sequence[Flaw]) -> bool:
    """Tell whether there is more than notes.

    >>> failed([])
    False
    """
    return any(flaw.level != NOTE for flaw in flaws)


def _printable(text: str, keep: str = "") -> str:
    return "".join([c if c.isprintable() or c in keep else f"\\x{ord(c):02x}" for c in text])
