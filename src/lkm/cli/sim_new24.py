"""The tree that a new world of Linux 2.4 gets where none is named: the shipped modules, a configuration, indexes."""

from __future__ import annotations

import os

from lkm.cli.depmod24 import Run
from lkm.errors import MachineError
from lkm.kernel.sim.kernel24 import MODULES, RELEASE, Kernel24
from lkm.system.files import machine_error, read_bytes

#: Where 2.4 had each of the shipped modules, below /lib/modules/RELEASE/kernel.
PLACES = {
    "3c59x": "drivers/net",
    "8390": "drivers/net",
    "af_packet": "net/packet",
    "bsd_comp": "drivers/net",
    "fat": "fs/fat",
    "floppy": "drivers/block",
    "ide-disk": "drivers/ide",
    "ipx": "net/ipx",
    "lp": "drivers/char",
    "msdos": "fs/msdos",
    "mydriver": "drivers/misc",
    "ne": "drivers/net",
    "nfsd": "fs/nfsd",
    "parport": "drivers/parport",
    "parport_pc": "drivers/parport",
    "ppp_generic": "drivers/net",
    "serial": "drivers/char",
    "vfat": "fs/vfat",
}
#: An object file that is no module stays where it was compiled.
OBJECT = f"usr/src/linux-{RELEASE}/drivers/usb/usbcore.o"
CONF = """# /etc/modules.conf: what modprobe and depmod are to know of this machine. See docs/linux-2.4.md.
alias eth0 3c59x
options ne io=0x300 irq=11
"""


def lay_out(root: str) -> None:
    """Make the tree below a new directory. A file that is there already is left as it is. Raises MachineError."""
    files = {f"lib/modules/{RELEASE}/kernel/{place}/{name}.o": f"{name}.o" for name, place in PLACES.items()}
    try:
        for path, source in {**files, OBJECT: "usbcore.o"}.items():
            _put(os.path.join(root, path), read_bytes(os.path.join(MODULES, source)))
        os.makedirs(os.path.join(root, f"lib/modules/{RELEASE}/misc"), exist_ok=True)
        os.makedirs(os.path.join(root, "boot"), exist_ok=True)
        _put(os.path.join(root, "etc/modules.conf"), CONF.encode())
    except OSError as error:
        raise machine_error(error, error.filename or root) from error


def _put(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        return
    with open(path, "wb") as file:
        file.write(data)


def index(world: str) -> None:
    """Run depmod on a world's tree. Raises MachineError."""
    if Run({}, Kernel24(world)).run([]):
        raise MachineError("its modules could not be indexed", world)
