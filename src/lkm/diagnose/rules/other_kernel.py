"""The module was built for another kernel: its vermagic does not fit.

A kernel takes a module only if both were built alike: same release, and same options that change its data structures
(``SMP``, ``preempt``, ``mod_unload`` ...). With CONFIG_MODVERSIONS, for modules that have CRCs, the release itself
is not compared, as CRCs tell more. The kernel answers ENOEXEC and logs ``version magic 'A' should be 'B'``.

Remedy: install the module of this kernel, or build it against this kernel's headers. Forcing (``modprobe
--force-vermagic``) works only in kernels built for it, and may crash.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, UNKNOWN, Fact, Finding, Remedy
from lkm.diagnose.words import build_of, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence, Installed


CODE = "other-kernel"
ERRNOS = ("ENOEXEC",)
_BUILD = Remedy("build it with this kernel's headers, in its source", "make -C {build} M=$PWD modules")
_OWN = Remedy("take the module that came with this kernel", "lkm modprobe {name}")
_THAT = Remedy("boot kernel {release}, which it fits")
_FORCE = Remedy("load it all the same", "lkm modprobe --force-vermagic {name}", RISKY)
_IMAGE = Remedy("ask again with the kernel's image, which tells its vermagic", "lkm explain --image {image} {path}")
REMEDIES = (_BUILD, _OWN, _THAT, _FORCE, _IMAGE)
#: A word of vermagic → the options that make it (include/linux/vermagic.h; kernel/Kconfig.preempt).
_OPTIONS = {
    "SMP": "CONFIG_SMP",
    "preempt": "CONFIG_PREEMPT_BUILD",
    "preempt_rt": "CONFIG_PREEMPT_RT",
    "mod_unload": "CONFIG_MODULE_UNLOAD",
    "modversions": "CONFIG_MODVERSIONS",
    "RANDSTRUCT": "CONFIG_RANDSTRUCT",
    "ARMv7": "CONFIG_CPU_V7",
    "aarch64": "CONFIG_ARM64",
}
_SOURCE = "kernel/module/main.c: check_modinfo; kernel/module/version.c: same_magic"
_BECAUSE = "data structures of the two builds may differ, and the module would corrupt memory"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the words that the kernel compares differ."""
    (mine, here), (its, there) = _compared(evidence)
    theirs, ours = mine.split(), its.split()
    if not theirs or not ours:
        if theirs and evidence.attempt.errno == "ENOEXEC" and not evidence.attempt.complete:
            yield _unknown(evidence, mine, here)
        return
    facts, kernel = evidence.file.facts if evidence.file else None, evidence.kernel
    has_crcs = facts is not None and any(need.crc is not None for need in facts.needs)
    skipped = 1 if kernel and kernel.modversions and has_crcs else 0
    if theirs[skipped:] == ours[skipped:]:
        return
    surplus = [word for word in theirs[1:] if word not in ours]
    lacking = [word for word in ours[1:] if word not in theirs]
    fits = [other for other in evidence.installed if _fits(mine, other)]
    name = name_of(evidence)
    own = evidence.tree is not None and bool(evidence.tree.path(name))
    yield Finding(
        CODE,
        _what(theirs, ours, surplus, lacking, skipped),
        CERTAIN,
        "ENOEXEC",
        (
            Fact(f"vermagic={mine}", here),
            Fact(its, there),
            *_options(surplus, lacking),
            *[Fact(f"it fits kernel {other.release}, which is installed", other.directory) for other in fits],
        ),
        _BECAUSE,
        _SOURCE,
        (
            _BUILD.filled(build=build_of(evidence)),
            *([_OWN.filled(name=name)] if own else []),
            *[_THAT.filled(release=other.release) for other in fits],
            _FORCE.filled(name=name),
        ),
    )


def _what(theirs: list[str], ours: list[str], surplus: list[str], lacking: list[str], skipped: int) -> str:
    says = []
    if theirs[:1] != ours[:1] and not skipped:
        says.append(f"it was built for kernel {theirs[0]}; this one is {ours[0]}")
    if surplus:
        says.append(f"it was built with {' '.join(surplus)}; this kernel was not")
    if lacking:
        says.append(f"this kernel was built with {' '.join(lacking)}; it was not")
    return "; ".join(says) or "its vermagic has the words of the kernel's in another order"


def _options(surplus: list[str], lacking: list[str]) -> list[Fact]:
    """Return which options of the build the differing words stand for."""
    known = [f"{word} by {_OPTIONS[word]}" for word in (*surplus, *lacking) if word in _OPTIONS]
    return [Fact(f"a kernel gets {', '.join(known)}", "include/linux/vermagic.h")] if known else []


def _fits(mine: str, other: Installed) -> bool:
    """Tell whether another kernel would take this vermagic; by its release alone where no more is known."""
    theirs = other.vermagic.split()
    return theirs == mine.split() if theirs else mine.split()[0] == other.release


def _unknown(evidence: Evidence, mine: str, here: str) -> Finding:
    release = evidence.kernel.release if evidence.kernel else ""
    seen = (Fact(f"vermagic={mine}", here), Fact("the kernel's vermagic is not known", "evidence that is missing"))
    path = evidence.file.path if evidence.file else ""
    cure = _IMAGE.filled(image=f"/boot/vmlinuz-{release}" if release else "", path=path)
    what = "whether it was built for this kernel is not known"
    return Finding(CODE, what, UNKNOWN, "ENOEXEC", seen, _BECAUSE, _SOURCE, (cure,))


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
