"""The module files of the contract: compiled for a kernel from the sources beside this, or real ones changed."""

from __future__ import annotations

import gzip
import lzma
import struct
import subprocess
from pathlib import Path

from lkm.formats.elf import OFFSET, Elf
from lkm.formats.source import BytesSource
from lkm.image.nouns import KernelFacts
from lkm.kernel.sim.objectfile import ObjectFile
from lkm.modfile.versions import read_versions
from tests.support.signatures import MAGIC, signed
from tests.support.signing import Signer

SOURCES = Path(__file__).with_name("sources")
COMPILED = tuple(sorted(path.stem for path in SOURCES.glob("*.c")))
_OPTIONS: tuple[str, ...] = (
    "-c",
    "-O1",
    "-w",
    "-ffreestanding",
    "-fno-pic",
    "-fno-pie",
    "-fno-stack-protector",
    "-fno-ident",
)
_OPTIONS += ("-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-mno-red-zone", "-fno-common")
_THIS = ".gnu.linkonce.this_module"


def compile_modules(kernel: KernelFacts, example: bytes, place: Path) -> None:
    """Compile all sources for a kernel; ``example`` is a module of its own, which shows the layout it wants."""
    file = ObjectFile(example)
    this = file.find(_THIS)
    names = file.symbol_names(range(1, len(example)))
    (relocations,) = (s for s in file.sections if s.type == 4 and s.info == this)
    table = example[relocations.offset : relocations.offset + relocations.size]
    places = {names[(info >> 32) - 1]: at for at, info, _ in struct.iter_unpack("<QQq", table)}
    layout = [f"-DSIZE={file.sections[this].size}"]
    layout += [f"-DINIT={places['init_module']}", f"-DEXIT={places['cleanup_module']}"]
    layout += ["-mcmodel=large" if "um" in kernel.features else "-mcmodel=kernel"]
    crcs = {export.name: export.crc for export in kernel.exports if export.crc is not None}
    if crcs:
        wanted = [name for name in crcs if name.startswith(("param_", "misc_")) or name == "module_layout"]
        rows = [f'{{{crcs[name]}UL,"{name}"}}' for name in wanted if len(name) < 56]
        rows.append('{0x12345678UL,"gt_sym"}')
        layout.append(f"-DCRCS={','.join(rows)}")
    for name in COMPILED:
        own = [f'-DNAME="{name}"', f'-DVERMAGIC="{kernel.vermagic}"', "-o", str(place / f"{name}.ko")]
        subprocess.run(["gcc", *_OPTIONS, *layout, *own, str(SOURCES / f"{name}.c")], check=True)


#: Real modules that the contract uses, besides fat and msdos.
REAL = ("vfat", "minix", "llc", "psnap", "appletalk", "dummy", "tun", "fuse", "binfmt_misc", "tcrypt", "nls_cp437")


def make_files(kernel: KernelFacts, tree: Path, place: Path) -> None:
    """Write all module files for a kernel; ``tree`` has its real modules."""
    found = {path.stem: path for path in tree.rglob("*.ko")}
    compile_modules(kernel, found["fat"].read_bytes(), place)
    for name in ("fat", "msdos", *REAL):
        if name in found:
            (place / f"{name}.ko").write_bytes(found[name].read_bytes())
    signed_file = found["msdos"].read_bytes()
    plain = unsigned(signed_file)
    variants = {**changed(plain), **versions_changed(plain)}
    variants["tampered.ko"] = swapped(signed_file, b"author=", b"Author=")
    variants["unsigned.ko"] = plain
    variants["signed-half.ko"] = signed_file[: len(signed_file) // 2]
    variants["magic-only.ko"] = signed(plain, b"\x30\x82garbage" * 9)
    variants["foreign.ko"] = Signer("Somebody else").sign(plain)
    variants["program"] = Path("/bin/true").read_bytes()
    variants["text.ko"] = b"this is no module at all\n" * 9
    variants["empty.ko"] = b""
    main = (place / "gt_main.ko").read_bytes()
    variants["staging.ko"] = swapped(main, b"license=GPL\0", b"staging=Y\0\0\0")
    variants["proprietary.ko"] = swapped(main, b"license=GPL\0", b"license=ABC\0")
    variants["livepatch.ko"] = swapped(main, b"license=GPL\0", b"livepatch=Y\0")
    variants["gt_twin.ko"] = main.replace(b"gt_main\0", b"gt_twin\0")
    variants["printk.ko"] = main.replace(b"gt_main\0", b"printk\0\0")
    for name, data in variants.items():
        (place / name).write_bytes(data)


def unsigned(module: bytes) -> bytes:
    """Cut the signature off."""
    if not module.endswith(MAGIC):
        return module
    size = int.from_bytes(module[-len(MAGIC) - 4 : -len(MAGIC)], "big")
    return module[: -len(MAGIC) - 12 - size]


def swapped(module: bytes, old: bytes, new: bytes) -> bytes:
    """Put other bytes of the same length in the place of these, where they are first."""
    assert old in module and len(old) == len(new), old
    return module.replace(old, new, 1)


def renamed(module: bytes, section: bytes) -> bytes:
    """Change the last letter of a section's name."""
    elf = Elf(BytesSource(module))
    index = elf.find(section)
    names = struct.unpack_from("<H", module, 62)[0]
    at = elf.header(names)[OFFSET] + elf.header(index)[0] + len(section) - 1
    assert index and module[at : at + 1] == section[-1:]
    return module[:at] + b"#" + module[at + 1 :]


def changed(plain: bytes) -> dict[str, bytes]:
    """Return msdos.ko with one thing made wrong, by the name of the file."""
    half = len(plain) // 2
    out = {f"first-{n}.ko": plain[:n] for n in (1, 3, 30, 63, 500, half)}
    out["half.ko"] = out.pop(f"first-{half}.ko")
    out |= {"cut-1000.ko": plain[:-1000], "cut-64.ko": plain[:-64]}
    out["vermagic.ko"] = swapped(plain, b"vermagic=6.1", b"vermagic=6.2")
    out["vermagic-flags.ko"] = swapped(plain, b" mod_unload", b" mod_unloaX")
    out["vermagic-none.ko"] = swapped(plain, b"vermagic=", b"vermagiX=")
    out["arch.ko"] = plain[:18] + struct.pack("<H", 183) + plain[20:]
    out["class.ko"] = plain[:4] + b"\1\2" + plain[6:]
    out["shentsize.ko"] = plain[:58] + bytes(2) + plain[60:]
    out["no-this.ko"] = renamed(plain, _THIS.encode())
    out["no-modinfo.ko"] = renamed(plain, b".modinfo")
    out["license.ko"] = swapped(plain, b"license=GPL\0", b"license=XXX\0")
    out["no-license.ko"] = swapped(plain, b"license=GPL\0", b"licensX=GPL\0")
    out["no-intree.ko"] = swapped(plain, b"intree=Y\0", b"intreX=Y\0")
    if b"retpoline=Y\0" in plain:
        out["no-retpoline.ko"] = swapped(plain, b"retpoline=Y\0", b"retpolinX=Y\0")
    out["xz.ko"] = lzma.compress(plain, check=lzma.CHECK_CRC32)
    out["gz.ko"] = gzip.compress(plain, mtime=0)
    out["zst.ko"] = b"\x28\xb5\x2f\xfd" + bytes(200)
    elf = Elf(BytesSource(plain))
    file = ObjectFile(plain)
    table = elf.table_offset
    symbols = file.symbol_table()
    at = table + 64 * symbols + 4
    out["no-symtab.ko"] = plain[:at] + struct.pack("<I", 1) + plain[at + 4 :]
    rela = next(s for s in file.sections if s.type == 4 and file.sections[s.info].flags & 2)
    at = rela.offset + 8
    out["relocation.ko"] = plain[:at] + struct.pack("<I", 238) + plain[at + 4 :]
    names = struct.unpack_from("<H", plain, 62)[0]
    for index, section in enumerate(file.sections):
        if index and section.type == 1:
            at = table + 64 * index + 24
            out["section.ko"] = plain[:at] + struct.pack("<Q", 10**9) + plain[at + 8 :]
            break
    at = table + 64 * names + 24
    out["names.ko"] = plain[:at] + struct.pack("<Q", 10**9) + plain[at + 8 :]
    return out


def versions_changed(plain: bytes) -> dict[str, bytes]:
    """Return msdos.ko with wrong CRCs, or none; nothing for a kernel without them."""
    elf = Elf(BytesSource(plain))
    index = elf.find(b"__versions")
    if not index:
        return {}
    start = elf.header(index)[OFFSET]
    order = list(read_versions(elf)[0])
    out = {"no-versions.ko": renamed(plain, b"__versions")}
    for file, name in (("crc-layout.ko", b"module_layout"), ("crc-symbol.ko", b"fat_setattr")):
        at = start + 64 * order.index(name)
        out[file] = plain[:at] + struct.pack("<Q", 0x1234) + plain[at + 8 :]
    return out
