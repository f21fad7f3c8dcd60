"""The module files of the contract: compiled for a kernel from the sources beside this, or real ones changed."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from lkm.image.nouns import KernelFacts
from lkm.kernel.sim.objectfile import ObjectFile

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
    names = [name for name, *_ in file.symbols()]
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
