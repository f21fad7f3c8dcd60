"""ELF machine numbers (elf.h: ``e_machine``) and what ``uname -m`` calls them."""

from __future__ import annotations

_NAMES = {
    2: "sparc",
    3: "i386",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    43: "sparc64",
    50: "ia64",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
    258: "loongarch64",
}


def machine_name(number: int) -> str:
    """Return a machine's name.

    >>> machine_name(62), machine_name(9999)
    ('x86_64', 'ELF machine 9999')
    """
    return _NAMES.get(number, f"ELF machine {number}")
