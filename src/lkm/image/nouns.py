"""What one kernel image tells, as values."""

from __future__ import annotations

from lkm.modfile.nouns import Export
from lkm.record import Record


class KernelFacts(Record):
    """All that an image tells. What it does not hold is "" or ().

    ``release``: as ``uname -r``. ``banner``: the text ``Linux version ...`` (newer kernels add the build's number at
    run time). ``vermagic``: as modules must have it, with its last space. ``machine`` is the ELF number. ``exports``:
    those of the kernel itself, sorted by name; ``crc`` is None without CONFIG_MODVERSIONS. ``parameters``: their
    names, ``module.parameter`` for those of built-in modules. ``certificates``: the X.509 certificates compiled in,
    in DER. The keys that the kernel trusts for module signatures are among them.
    """

    release: str
    banner: str
    vermagic: str
    machine: int
    bits: int
    exports: tuple[Export, ...] = ()
    parameters: tuple[str, ...] = ()
    certificates: tuple[bytes, ...] = ()
