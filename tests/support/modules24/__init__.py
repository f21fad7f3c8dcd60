"""Module files of Linux 2.4, compiled from the C sources beside this file: ``gcc -m32 -c`` and the right .modinfo.

``python -c "from tests.support.modules24 import main; main()"`` writes those that the package ships.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from lkm.formats.source import BytesSource
from lkm.modfile.object24 import read24

HERE = Path(__file__).parent
SHIPPED = HERE.parents[2] / "src/lkm/kernel/sim/modules24"
NAMES = tuple(sorted(path.name[:-2] for path in HERE.glob("*.c")))
#: Bytes in memory: those that the HOWTO shows, and for the others a likely number.
SIZES = {
    "msdos": 5632,
    "fat": 30400,
    "serial": 24484,
    "mydriver": 8154,
    "lp": 5280,
    "parport_pc": 7552,
    "parport": 7600,
    "ne": 6816,
    "8390": 6112,
    "3c59x": 22360,
    "vfat": 9244,
    "bsd_comp": 4000,
    "af_packet": 8104,
    "floppy": 45712,
    "ipx": 16224,
    "nfsd": 66576,
    "ide-disk": 6692,
    "ppp_generic": 15304,
    "msdos-r": 5632,
    "serial-2.2.19": 19520,
}
#: Last of all, so that any size can be had: nothing is aligned after it.
_PADDING = """
#if PAD > 0
static char padding[PAD] __attribute__((section(".bss.padding"), used, aligned(1)));
#endif
"""
_OPTIONS: tuple[str, ...] = (
    "-m32",
    "-c",
    "-Os",
    "-ffreestanding",
    "-fno-pic",
    "-fno-ident",
    "-fno-asynchronous-unwind-tables",
)
_OPTIONS += ("-fno-stack-protector", "-fcf-protection=none", "-fno-common", "-fno-toplevel-reorder", "-w")


def _compile(source: Path, pad: int, out: Path, defines: tuple[str, ...]) -> None:
    words = ("-DMODULE", f"-DPAD={pad}", *defines, f"-I{HERE}")
    subprocess.run(["gcc", *_OPTIONS, *words, "-o", str(out), str(source)], check=True)


def build(name: str, *defines: str, source: str = "") -> bytes:
    """Return NAME.o, padded to its size; from the given C source instead of NAME.c where there is one."""
    text = source or (HERE / f"{name}.c").read_text()
    key = hashlib.sha256("\0".join([text, (HERE / "module24.h").read_text(), *_OPTIONS, *defines]).encode())
    cached = Path(tempfile.gettempdir()) / f"lkm-modules24-{key.hexdigest()[:24]}-{name}.o"
    if cached.exists():
        return cached.read_bytes()
    with tempfile.TemporaryDirectory() as place:
        file, out = Path(place) / f"{name}.c", Path(place) / f"{name}.o"
        file.write_text(text + _PADDING)
        pad = 0
        for _ in range(4):
            _compile(file, pad, out, defines)
            lacks = SIZES.get(name, 0) - read24(BytesSource(out.read_bytes())).size
            if lacks == 0 or name not in SIZES:
                break
            pad += lacks
        strip = ["objcopy", "--remove-section=.comment", "--remove-section=.note.GNU-stack", str(out)]
        subprocess.run(strip, check=True)
        image = out.read_bytes()
        new = cached.with_suffix(f".{id(place)}")
        new.write_bytes(image)
        new.replace(cached)
    return image


def main(place: Path = SHIPPED) -> None:
    """Write all module files into a directory."""
    place.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (place / f"{name}.o").write_bytes(build(name))
