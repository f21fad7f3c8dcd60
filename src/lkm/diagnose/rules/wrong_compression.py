"""The module file is compressed in a way that nobody here can use.

It was given to the kernel as it is; or the kernel was asked to unpack it and cannot (CONFIG_MODULE_DECOMPRESS, and
one method, CONFIG_MODULE_COMPRESS_XZ or another: it answers ENOTSUP or EINVAL); or the compressed data are damaged;
or the file's name says something else than its contents. The kernel answers ENOEXEC to packed data and logs
``Invalid ELF header magic: != \\x7fELF``. This project's tools unpack gzip, xz and zstd by themselves, and go by the
contents, not by the name; others (busybox, kmod without the library) may not.

Remedy: load it with a tool that unpacks it; install the file again where it is damaged; rename it.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.formats.compression import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence, ModuleFile

CODE = "wrong-compression"
ERRNOS = ("ENOEXEC", "ENOTSUP", "EINVAL", "")
CALLS = (*LOADS, "read")
_TOOL = Remedy("load it with a tool that unpacks it", "lkm insmod {path}")
_TEST = Remedy("see where it is damaged, and copy or download it again", "{tool} -t {path}")
_RENAME = Remedy("give it the name of what it is", "mv {path} {right}")
REMEDIES = (_TOOL, _TEST, _RENAME)
_TOOLS = {"gz": "gzip", "xz": "xz", "zst": "zstd"}
_SOURCE = "kernel/module/decompress.c; kernel/module/main.c: finit_module"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for packed data that were given as they are, are damaged, or not what the name says."""
    file, attempt = evidence.file, evidence.attempt
    if file is None:
        return
    packed = file.packed
    if packed and attempt.errno in ("ENOTSUP", "EOPNOTSUPP"):
        fact = Fact(f"{attempt.call}: {attempt.errno}", "system call")
        yield _given(file, "this kernel cannot unpack it (CONFIG_MODULE_DECOMPRESS)", "ENOTSUP", fact)
    elif packed and any("Invalid ELF header magic" in line for line in attempt.log):
        fact = Fact("Invalid ELF header magic", "kernel log")
        yield _given(file, "was given to the kernel as it is", "ENOEXEC", fact)
    elif packed and kind_of(file.head) == packed and file.fault:
        yield Finding(
            CODE,
            f"its compressed data ({packed}) are damaged",
            CERTAIN,
            "ENOEXEC",
            (Fact(file.fault, file.path),),
            "what cannot be unpacked cannot be given to the kernel",
            _SOURCE,
            (_TEST.filled(tool=_TOOLS[packed], path=file.path),),
        )
    elif not attempt.errno and file.facts:
        yield from _misnamed(file)


def _given(file: ModuleFile, how: str, errno: str, fact: Fact) -> Finding:
    because = "only kernels with CONFIG_MODULE_DECOMPRESS unpack modules, by one method, and only when asked to"
    facts = (Fact(f"packed by {file.packed}", file.path), fact)
    what = f"the file is packed ({file.packed}), and {how}"
    return Finding(CODE, what, CERTAIN, errno, facts, because, _SOURCE, (_TOOL.filled(path=file.path),))


def _misnamed(file: ModuleFile) -> Iterator[Finding]:
    """Yield the finding for a file whose name ends for another method: some tools go by that."""
    stem, mark, end = file.path.rpartition(".ko")
    inside = f"it is packed by {file.packed}" if file.packed else "it is not packed"
    says = end.removeprefix(".")
    if not mark or says == file.packed or says not in ("", *_TOOLS):
        return
    yield Finding(
        CODE,
        f"its name says {says or 'that it is not packed'}, and {inside}",
        CERTAIN,
        "",
        (Fact(f"it begins as {file.packed or 'ELF'} does", file.path),),
        "some tools (busybox, the kernel's own unpacking) go by the name",
        _SOURCE,
        (_RENAME.filled(path=file.path, right=f"{stem}.ko{'.' + file.packed if file.packed else ''}"),),
    )
