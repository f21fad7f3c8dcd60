"""A web page was saved in place of a module.

The address of a page that shows a file, or of an error, was given to a download tool: the file begins with HTML or
XML. The kernel answers ENOEXEC and logs ``Invalid ELF header magic``.

Remedy: download the raw file itself.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "web-page"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("download the file itself, not the page that shows it (on forges: the 'raw' link)"),)
_STARTS = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the file begins as HTML or XML does."""
    file = evidence.file
    start = file.head.lstrip(b"\xef\xbb\xbf \t\r\n").lower() if file else b""
    if file is None or not start.startswith(_STARTS):
        return
    shown = start[:40].split(b"\n", 1)[0].decode("ascii", "replace")
    yield Finding(
        CODE,
        "the file is a web page, not a module",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"it begins with {shown!r}", file.path),),
        "a module begins with the four bytes of an ELF file",
        "kernel/module/main.c: elf_validity_check",
        REMEDIES,
    )
