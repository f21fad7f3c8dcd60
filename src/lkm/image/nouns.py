"""What one kernel image tells, as values."""

from __future__ import annotations

from lkm.modfile.nouns import Export
from lkm.record import Record


class BuiltinParameter(Record):
    """A parameter of the kernel itself or of a built-in module, for the kernel command line.

    ``name`` as it is given there (``printk.time``). ``type``: as modinfo has it (``int``, ``array of bool``), "" for
    one with a reader of its own. ``mode``: of its file in /sys/module, 0 for none.
    """

    name: str
    type: str
    mode: int


class KernelFacts(Record):
    """All that an image tells. What it does not hold is "" or ().

    ``release``: as ``uname -r``. ``banner``: the text ``Linux version ...`` (newer kernels add the build's number at
    run time). ``vermagic``: as modules must have it, with its last space. ``machine`` is the ELF number. ``exports``:
    those of the kernel itself, sorted by name; ``crc`` is None without CONFIG_MODVERSIONS. ``certificates``: those
    (X.509) that are compiled in, in DER. The keys that the kernel trusts for module signatures are among them.
    ``config``: the text of the configuration, of a kernel with CONFIG_IKCONFIG. ``features``: how it was
    built, see :mod:`lkm.image.features`.
    """

    release: str
    banner: str
    vermagic: str
    machine: int
    bits: int
    exports: tuple[Export, ...] = ()
    parameters: tuple[BuiltinParameter, ...] = ()
    certificates: tuple[bytes, ...] = ()
    config: str = ""
    features: tuple[str, ...] = ()
