"""Writes module files of any class and byte order, so that a malformed one is a three-line test.

>>> from lkm.formats.source import BytesSource
>>> from lkm.modfile.scan import scan
>>> facts = scan(BytesSource(build_module(modinfo=[("license", "GPL")], exports=["f"], needs=["printk"])))
>>> facts.modinfo, facts.exports, facts.needs
([b'license=GPL'], [b'f'], [b'printk'])
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

PROGBITS, SYMTAB, STRTAB, RELA, NOTE, NOBITS, REL = 1, 2, 3, 4, 7, 8, 9
LOCAL, GLOBAL, WEAK = 0, 1, 2
ABS = 0xFFF1
MACHINES = {(64, "<"): 62, (32, "<"): 3, (64, ">"): 22, (32, ">"): 20}  # x86-64, i386, s390, powerpc


@dataclass
class Export:
    """A symbol that the module offers to others."""

    name: str
    gpl: bool = False
    namespace: str = ""
    crc: int | None = None


@dataclass
class Section:
    """A section to be: ``link`` is another section's name."""

    name: str
    data: bytes = b""
    type: int = PROGBITS
    link: str = ""
    info: int = 0
    entry: int = 0
    size: int | None = None  # a lie about the size, or the size of a NOBITS section
    address: int = 0  # in memory; of a linked file, such as a kernel
    flags: int | None = None  # None: it is to be loaded (SHF_ALLOC), where its type is for that


@dataclass
class Writer:
    """The parts of an ELF file; ``elf()`` puts them together."""

    bits: int = 64
    order: str = "<"
    machine: int = 62
    type: int = 1
    sections: list[Section] = field(default_factory=list)
    locals: list[tuple[str, int, str, int]] = field(default_factory=list)  # name, type, section or "" or "ABS", value
    globals: list[tuple[str, int, str, int]] = field(default_factory=list)  # name, binding, section, value

    @property
    def word(self) -> str:
        """Return the struct format of an address."""
        return self.order + ("Q" if self.bits == 64 else "I")

    def add(self, name: str, data: bytes, **more: int | str) -> Section:
        """Append a section."""
        self.sections.append(Section(name, data, **more))  # type: ignore[arg-type]
        return self.sections[-1]

    def index(self, name: str) -> int:
        """Return the index a section will have."""
        if name == "ABS":
            return ABS
        return next((i for i, s in enumerate(self.sections, 1) if s.name == name), 0) if name else 0

    def symbol_index(self, name: str) -> int:
        """Return the index a symbol will have."""
        names = [s[0] for s in self.locals] + [s[0] for s in self.globals]
        return 1 + names.index(name)

    def relocations(self, section: str, rows: Iterable[tuple[int, str, int]], *, rela: bool) -> None:
        """Append the relocations of a section: (offset, symbol, type)."""
        data = b""
        for offset, symbol, kind in rows:
            number = self.symbol_index(symbol)
            info = number << 32 | kind if self.bits == 64 else number << 8 | kind
            data += struct.pack(self.order + ("QQ" if self.bits == 64 else "II"), offset, info)
            data += struct.pack(self.word.lower(), 0) if rela else b""
        step = struct.calcsize(self.word) * (3 if rela else 2)
        name = (".rela" if rela else ".rel") + section
        kind = RELA if rela else REL
        self.add(name, data, type=kind, link=".symtab", info=self.index(section), entry=step)

    def _symtab(self) -> None:
        strings = b"\0"
        table = bytes(24 if self.bits == 64 else 16)
        rows = [(n, t, s, v) for n, t, s, v in self.locals] + [(n, b << 4, s, v) for n, b, s, v in self.globals]
        for name, info, section, value in rows:
            at = len(strings) if name else 0
            strings += name.encode("utf-8", "surrogateescape") + b"\0" if name else b""
            where = self.index(section)
            if self.bits == 64:
                table += struct.pack(self.order + "IBBHQQ", at, info, 0, where, value, 0)
            else:
                table += struct.pack(self.order + "IIIBBH", at, value, 0, info, 0, where)
        step = 24 if self.bits == 64 else 16
        self.add(".symtab", table, type=SYMTAB, link=".strtab", info=1 + len(self.locals), entry=step)
        self.add(".strtab", strings, type=STRTAB)

    def elf(self, *, symtab: bool = True) -> bytes:
        """Return the file: header, contents, section headers."""
        if symtab:
            self._symtab()
        names = b"\0"
        self.add(".shstrtab", b"", type=STRTAB)
        places = []
        for section in self.sections:
            places.append(len(names))
            names += section.name.encode() + b"\0"
        self.sections[-1].data = names
        wide = self.bits == 64
        header_size = 64 if wide else 52
        body = b""
        shape = self.order + ("IIQQQQIIQQ" if wide else "10I")
        headers = bytes(struct.calcsize(shape))
        for place, s in zip(places, self.sections, strict=True):
            body += bytes(-len(body) % 8)
            size = len(s.data) if s.size is None else s.size
            link = self.index(s.link)
            headers += struct.pack(
                shape, place, s.type, _flags(s), s.address, header_size + len(body), size, link, s.info, 1, s.entry
            )
            body += s.data
        body += bytes(-(header_size + len(body)) % 8)
        ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if self.order == "<" else 2, 1]) + bytes(9)
        shape = self.order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH")
        count = len(self.sections) + 1
        sizes = (header_size, 0, 0, 64 if wide else 40, count, count - 1)
        header = ident + struct.pack(shape, self.type, self.machine, 1, 0, 0, header_size + len(body), 0, *sizes)
        return header + body + headers


def _flags(section: Section) -> int:
    """Return ALLOC for what is loaded, with EXECINSTR for code and WRITE for struct module."""
    if section.flags is not None:
        return section.flags
    more = {".text": 4, ".gnu.linkonce.this_module": 1}
    return 2 | more.get(section.name, 0) if section.type in (PROGBITS, NOTE, NOBITS) else 0


def build_module(
    name: str = "demo",
    *,
    bits: int = 64,
    order: str = "<",
    machine: int = 0,
    modinfo: Iterable[tuple[str, str]] = (("license", "GPL"),),
    exports: Sequence[str | Export] = (),
    needs: Sequence[str] = (),
    weak: Sequence[str] = (),
    versions: Mapping[str, int] | None = None,
    long_versions: Mapping[str, int] | None = None,
    relative: bool = True,
    rela: bool = True,
    build_id: bytes = b"",
    sections: Mapping[str, bytes] | None = None,
    symtab: bool = True,
    tail: bytes = b"",
) -> bytes:
    """Return a whole ``.ko``.

    ``exports``: names or :class:`Export`; ``relative`` chooses between the two layouts of ``__ksymtab``; ``rela``
    between the two kinds of relocation. ``versions`` fills ``__versions``, ``long_versions`` the extended tables.
    ``sections`` adds or replaces whole sections; ``tail`` is what follows the file, such as a signature.
    """
    out = Writer(bits, order, machine or MACHINES[bits, order])
    replaced = dict(sections or {})
    offered = [e if isinstance(e, Export) else Export(e) for e in exports]
    out.add(".text", bytes(16 * len(offered)))
    out.add(".modinfo", b"".join(f"{k}={v}".encode("utf-8", "surrogateescape") + b"\0" for k, v in modinfo))
    if build_id:
        out.add(
            ".note.gnu.build-id", struct.pack(order + "III", 4, len(build_id), 3) + b"GNU\0" + build_id, type=NOTE
        )
    if versions is not None:
        width = 64 - struct.calcsize(out.word)
        rows = [struct.pack(f"{out.word}{width}s", crc, symbol.encode()) for symbol, crc in versions.items()]
        out.add("__versions", b"".join(rows))
    if long_versions is not None:
        out.add("__version_ext_crcs", struct.pack(f"{order}{len(long_versions)}I", *long_versions.values()))
        out.add("__version_ext_names", b"".join(symbol.encode() + b"\0" for symbol in long_versions))
    _this_module(out, name)
    out.globals += [(symbol, GLOBAL, "", 0) for symbol in needs]
    out.globals += [(symbol, WEAK, "", 0) for symbol in weak]
    _exports(out, offered, relative=relative, rela=rela)
    for section in out.sections:
        section.data = replaced.pop(section.name, section.data)
    for title, data in replaced.items():
        out.add(title, data)
    return out.elf(symtab=symtab) + tail


def _this_module(out: Writer, name: str) -> None:
    """Lay out the start of ``struct module``: enum, list_head, name[MODULE_NAME_LEN]."""
    offset = 24 if out.bits == 64 else 12
    long = 56 if out.bits == 64 else 60
    out.add(".gnu.linkonce.this_module", bytes(offset) + name.encode().ljust(long, b"\0") + bytes(64))


def _exports(out: Writer, offered: list[Export], *, relative: bool, rela: bool) -> None:
    strings = b""
    for number, export in enumerate(offered):
        out.globals.append((export.name, GLOBAL, ".text", 16 * number))
        out.locals.append((f"__kstrtab_{export.name}", 0, "__ksymtab_strings", len(strings)))
        strings += export.name.encode() + b"\0"
        out.locals.append((f"__kstrtabns_{export.name}", 0, "__ksymtab_strings", len(strings)))
        strings += export.namespace.encode() + b"\0"
    if offered:
        out.add("__ksymtab_strings", strings)
    for gpl, suffix in ((False, ""), (True, "_gpl")):
        group = [e for e in offered if e.gpl is gpl]
        if not group:
            continue
        step = 4 if relative else struct.calcsize(out.word)
        for number, export in enumerate(group):
            out.locals.append((f"__ksymtab_{export.name}", 0, f"__ksymtab{suffix}", 3 * step * number))
            if export.crc is not None:
                out.locals.append((f"__crc_{export.name}", 0, f"__kcrctab{suffix}", 4 * number))
        out.add(f"__ksymtab{suffix}", bytes(3 * step * len(group)))
        if any(e.crc is not None for e in group):
            out.add(f"__kcrctab{suffix}", struct.pack(f"{out.order}{len(group)}I", *[e.crc or 0 for e in group]))
    for gpl, suffix in ((False, ""), (True, "_gpl")):
        group = [e for e in offered if e.gpl is gpl]
        rows = []
        for number, export in enumerate(group):
            targets = (export.name, f"__kstrtab_{export.name}", f"__kstrtabns_{export.name}")
            rows += [((3 * number + i) * step, t, 2 if relative else 1) for i, t in enumerate(targets)]
        if group:
            out.relocations(f"__ksymtab{suffix}", rows, rela=rela)
