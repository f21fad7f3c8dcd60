"""The module was built against another version of a symbol: the CRCs differ.

With CONFIG_MODVERSIONS each symbol has a CRC over its types; a module remembers those that it was built with. The
kernel logs ``NAME: disagrees about version of symbol SYMBOL`` and answers EINVAL, or ENOEXEC for ``module_layout``,
which stands for the kernel as a whole. So it does where a module has CRCs, but none for this symbol: ``no symbol
version for SYMBOL``.

Remedy: the module of this kernel, or build it against this kernel's headers; for a symbol of another module (of
DKMS, say), build it against that module's Module.symvers.
"""

from __future__ import annotations

from lkm.diagnose.evidence import find_export
from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.loglines import between
from lkm.diagnose.words import build_of, name_of
from lkm.modfile.nouns import Need

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "crc-mismatch"
ERRNOS = ("EINVAL", "ENOEXEC")
_BUILD = Remedy("build it with the headers of this kernel, in its source", "make -C {build} M=$PWD modules")
_FORCE = Remedy("load it all the same", "lkm modprobe --force-modversion {name}", RISKY)
REMEDIES = (_BUILD, _FORCE)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each symbol whose CRC is another one."""
    file, kernel = evidence.file, evidence.kernel
    facts = file.facts if file else None
    if kernel is None or kernel.modversions is False:
        return
    yield from _without(evidence)
    said = between(evidence.attempt.log, f"{evidence.name}: disagrees about version of symbol ", "")
    for need in facts.needs if facts else map(Need, said):
        provider, export = find_export(evidence, need.name) or ("", None)
        crc = export.crc if export else None
        differs = need.crc is not None and crc is not None and need.crc != crc
        if not differs and need.name not in said:
            continue
        shown = (
            [Fact(f"wants CRC {need.crc:#010x}", f"{file.path}: __versions")] if need.crc is not None and file else []
        )
        shown += [Fact(f"has CRC {crc:#010x}", provider)] if crc is not None else []
        shown += [Fact("disagrees about its version", "kernel log")] if need.name in said else []
        yield Finding(
            CODE,
            f"it was built against another version of {need.name}",
            CERTAIN,
            "ENOEXEC" if need.name == "module_layout" else "EINVAL",
            tuple(shown),
            "the types behind the symbol have changed, and the module would misuse them",
            "kernel/module/version.c: check_version",
            (
                _BUILD.filled(build=build_of(evidence)),
                _FORCE.filled(name=name_of(evidence)),
            ),
        )


def _without(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each symbol that the kernel has found no CRC for, in a module that has some."""
    for symbol in between(evidence.attempt.log, f"{evidence.name}: no symbol version for ", ""):
        yield Finding(
            CODE,
            f"it does not say which version of {symbol} it was built against",
            CERTAIN,
            "ENOEXEC" if symbol == "module_layout" else "EINVAL",
            (Fact(f"no symbol version for {symbol}", "kernel log"),),
            "a module that has CRCs must have one for each symbol",
            "kernel/module/version.c: check_version",
            (_BUILD.filled(build=build_of(evidence)), _FORCE.filled(name=name_of(evidence))),
        )
