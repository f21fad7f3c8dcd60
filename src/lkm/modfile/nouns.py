"""What one module file tells, as values."""

from __future__ import annotations

from lkm.record import Record


class Parameter(Record):
    """A parameter. ``type`` is the text of ``parmtype=`` (``int``, ``array of int``), None where the file has none;
    ``description`` likewise that of ``parm=``.
    """

    name: str
    type: str | None = None
    description: str | None = None

    @property
    def is_array(self) -> bool:
        """Tell whether it takes several values, separated by commas."""
        return (self.type or "").startswith("array of ")


class Export(Record):
    """A symbol offered to other modules. ``crc`` is None in a kernel without CONFIG_MODVERSIONS."""

    name: str
    gpl_only: bool = False
    namespace: str = ""
    crc: int | None = None


class Need(Record):
    """A symbol that the kernel or another module must provide; a ``weak`` one may be missing."""

    name: str
    crc: int | None = None
    weak: bool = False


class Signature(Record):
    """A signature appended to the file. It does not tell whether anybody trusts it, or whether it is right.

    ``id_type``: ``PKCS#7``, or ``PGP`` and ``X509`` of Linux before 4.3. ``signer``: the common name of the issuer
    of the signing certificate. ``key_id``: that certificate's serial number, or its subject key identifier.
    ``hash_algorithm``: the kernel's name, such as sha256. ``offset``: where the signed part of the file ends.
    """

    id_type: str
    signer: str
    key_id: bytes
    hash_algorithm: str
    signature: bytes
    offset: int


#: include/linux/license.h: license_is_gpl_compatible
GPL_COMPATIBLE = ("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL")


class ModuleFacts(Record):
    """All that a module file tells. ``name`` is the name the kernel will use ("" when the file has none).

    ``bits`` is 32 or 64, ``byte_order`` is "little" or "big", ``machine`` the ELF number (62: x86-64), ``elf_type``
    1 for a relocatable file, as modules are. ``modinfo`` holds key and value in file order. ``imports`` are the
    namespaces of the symbols it may use.
    """

    name: str
    size: int
    bits: int
    byte_order: str
    machine: int
    elf_type: int
    modinfo: tuple[tuple[str, str], ...]
    parameters: tuple[Parameter, ...] = ()
    exports: tuple[Export, ...] = ()
    needs: tuple[Need, ...] = ()
    imports: tuple[str, ...] = ()
    vermagic: str = ""
    build_id: bytes = b""
    signature: Signature | None = None

    @property
    def gpl_compatible(self) -> bool:
        """Tell whether it may use what is exported for GPL modules."""
        return (self.values("license") or ("",))[0] in GPL_COMPATIBLE

    def values(self, key: str) -> tuple[str, ...]:
        """Return the values of all modinfo records of that key, in file order."""
        return tuple([value for name, value in self.modinfo if name == key])
