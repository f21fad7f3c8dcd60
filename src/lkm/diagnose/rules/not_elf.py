"""The file is not an ELF file.

A text, a script, an archive, a package. (One that is packed has the disease ``wrong-compression``.) The kernel
answers ENOEXEC and logs ``Invalid ELF header magic: != \\x7fELF``, or ``Invalid ELF header len`` for a file shorter
than a header.

Remedy: depends on what it is; the finding says it.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.formats.compression import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "not-elf"
ERRNOS = ("ENOEXEC", "EINVAL")
_DEB = Remedy("install it, or unpack it here", "dpkg-deb -x {path} .")
_RPM = Remedy("install it, or unpack it here", "rpm2cpio {path} | cpio -id")
_ZIP = Remedy("unpack it; the module may be inside, or only its source", "unzip {path}")
_BZIP = Remedy("unpack it", "bunzip2 --keep {path}")
_TYPE = Remedy("find out what it is", "file {path}")
_OTHER = Remedy("give the module, a file that ends with .ko")
_LIBRARY = Remedy("modules are linked by the kernel's build, not from a library")
_SCRIPT = Remedy("run it, if it is what builds the module")
_WINDOWS = Remedy("take a driver for Linux")
REMEDIES = (_DEB, _RPM, _ZIP, _BZIP, _TYPE, _OTHER, _LIBRARY, _SCRIPT, _WINDOWS)
_KINDS = (
    (b"!<arch>\ndebian", "a Debian package", _DEB),
    (b"!<arch>\n", "a static library (ar)", _LIBRARY),
    (b"PK\3\4", "a zip archive", _ZIP),
    (b"\xed\xab\xee\xdb", "an RPM package", _RPM),
    (b"#!", "a script", _SCRIPT),
    (b"MZ", "a Windows program or driver", _WINDOWS),
    (b"BZh", "packed by bzip2", _BZIP),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the first four bytes are not those of an ELF file, nor of one that is packed."""
    from lkm.diagnose.rules import web_page

    file = evidence.file
    if file is None or not file.head or file.head.startswith(b"\x7fELF") or kind_of(file.head):
        return
    if list(web_page.find(evidence)):
        return
    kind, cure = next(((kind, cure) for magic, kind, cure in _KINDS if file.head.startswith(magic)), ("", _TYPE))
    if not kind and _is_text(file.head):
        kind, cure = "a text", _OTHER
    yield Finding(
        CODE,
        f"the file is {kind}, not a module" if kind else "the file is not a module, nor any other ELF file",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"it begins with {file.head[:8].hex(' ')}; an ELF file with 7f 45 4c 46", file.path),),
        "the kernel reads modules as ELF files only",
        "kernel/module/main.c: elf_validity_check",
        (cure.filled(path=file.path),),
    )


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in head) and b"\x7f" not in head
