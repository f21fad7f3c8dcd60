"""The file is not an ELF file.

A text, a script, an archive, a package, or a compressed module that nobody unpacked. The kernel answers ENOEXEC and
logs ``Invalid ELF header magic: != \\x7fELF``, or ``Invalid ELF header len`` for a file shorter than a header.

Remedy: depends on what it is; the finding says it.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "not-elf"
ERRNOS = ("ENOEXEC", "EINVAL")
_KINDS = (
    (b"!<arch>\ndebian", "a Debian package", "install it, or unpack it: `dpkg -x FILE DIR`"),
    (b"!<arch>\n", "a static library (ar)", "modules are linked by the kernel's build, not from a library"),
    (b"PK\3\4", "a zip archive", "unpack it; the module may be inside, or only its source"),
    (b"\xed\xab\xee\xdb", "an RPM package", "install it, or unpack it: `rpm2cpio FILE | cpio -id`"),
    (b"#!", "a script", "run it, if it is what builds the module"),
    (b"MZ", "a Windows program or driver", "Linux cannot load it"),
    (b"BZh", "packed by bzip2", "unpack it: `bunzip2 FILE`"),
    (b"\x1f\x8b", "packed by gzip", "`lkm insmod` unpacks .ko.gz by itself"),
    (b"\xfd7zXZ\0", "packed by xz", "`lkm insmod` unpacks .ko.xz by itself"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", "`lkm insmod` unpacks .ko.zst by itself"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the first four bytes are not those of an ELF file, or the kernel has met packed ones."""
    from lkm.diagnose.rules import web_page

    file = evidence.file
    if file is None or not file.head:
        return
    if file.packed and any("Invalid ELF header magic" in line for line in evidence.attempt.log):
        yield _packed(file.path, file.packed)
    if file.head.startswith(b"\x7fELF") or list(web_page.find(evidence)):
        return
    kind, cure = next(((kind, cure) for magic, kind, cure in _KINDS if file.head.startswith(magic)), ("", ""))
    if not kind and _is_text(file.head):
        kind, cure = "a text", "give the module, a file that ends with .ko"
    yield Finding(
        CODE,
        f"the file is {kind}, not a module" if kind else "the file is not a module, nor any other ELF file",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"it begins with {file.head[:8].hex(' ')}; an ELF file with 7f 45 4c 46", file.path),),
        "the kernel reads modules as ELF files only",
        "kernel/module/main.c: elf_validity_check",
        (Remedy(cure),) if cure else (Remedy("find out what it is", f"file {file.path}"),),
    )


def _packed(path: str, how: str) -> Finding:
    return Finding(
        CODE,
        f"the file is packed ({how}), and was given to the kernel as it is",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"packed by {how}", path), Fact("Invalid ELF header magic", "kernel log")),
        "only kernels with CONFIG_MODULE_DECOMPRESS unpack modules, and only when asked to",
        "kernel/module/main.c: finit_module",
        (Remedy("load it with a tool that unpacks it", f"lkm insmod {path}"),),
    )


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in head) and b"\x7f" not in head
