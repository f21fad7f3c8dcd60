"""The module was built for another kernel: its vermagic does not fit.

A kernel takes a module only if both were built alike: same release, and same options that change its data structures
(``SMP``, ``preempt``, ``mod_unload`` ...). With CONFIG_MODVERSIONS, for modules that have CRCs, the release itself
is not compared, as CRCs tell more. The kernel answers ENOEXEC and logs ``version magic 'A' should be 'B'``.

Remedy: install the module of this kernel, or build it against this kernel's headers. Forcing (``modprobe
--force-vermagic``) works only in kernels built for it, and may crash.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "other-kernel"
ERRNOS = ("ENOEXEC",)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the words that the kernel compares differ."""
    (mine, here), (its, there) = _compared(evidence)
    theirs, ours = mine.split(), its.split()
    if not theirs or not ours:
        return
    facts, kernel = evidence.file.facts if evidence.file else None, evidence.kernel
    has_crcs = facts is not None and any(need.crc is not None for need in facts.needs)
    skipped = 1 if kernel and kernel.modversions and has_crcs else 0
    if theirs[skipped:] == ours[skipped:]:
        return
    says = []
    if theirs[:1] != ours[:1] and not skipped:
        says.append(f"it was built for kernel {theirs[0]}; this one is {ours[0]}")
    surplus = [word for word in theirs[1:] if word not in ours]
    lacking = [word for word in ours[1:] if word not in theirs]
    if surplus:
        says.append(f"it was built with {' '.join(surplus)}; this kernel was not")
    if lacking:
        says.append(f"this kernel was built with {' '.join(lacking)}; it was not")
    yield Finding(
        CODE,
        "; ".join(says) or "its vermagic has the words of the kernel's in another order",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"vermagic={mine}", here), Fact(its, there)),
        "data structures of the two builds may differ, and the module would corrupt memory",
        "kernel/module/main.c: check_modinfo; kernel/module/version.c: same_magic",
        (
            Remedy("build it with this kernel's headers", f"make -C /lib/modules/{ours[0]}/build M=DIR modules"),
            Remedy("take the module that came with this kernel", f"lkm modinfo -k {ours[0]} {evidence.name}"),
            Remedy("load it all the same", f"lkm modprobe --force-vermagic {evidence.name}", RISKY),
        ),
    )


def _compared(evidence: Evidence) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the module's vermagic and the kernel's, each with its origin; "" for one that is not known."""
    mark = f"{evidence.name}: version magic '"
    for line in evidence.attempt.log:
        theirs, found, ours = line.partition("' should be '")
        if found and theirs.startswith(mark):
            return (theirs[len(mark) :], "kernel log"), (ours.rstrip("'"), "kernel log")
    file, kernel = evidence.file, evidence.kernel
    mine = (file.facts.vermagic, f"{file.path}: .modinfo") if file and file.facts else ("", "")
    return mine, (kernel.vermagic, kernel.origin) if kernel else ("", "")
