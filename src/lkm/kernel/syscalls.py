"""The three system calls on modules. The C library has no wrappers for them, so they are made by number.

Numbers: each architecture's ``unistd.h`` or ``syscall.tbl`` (arch/ARCH/kernel/syscalls/syscall.tbl; the generic table
is include/uapi/asm-generic/unistd.h). They never change once given.
"""

from __future__ import annotations

import os
import sys

from lkm.errors import MachineError

_I386 = (128, 129, 350)
_ARM = (128, 129, 379)
_POWERPC = (128, 129, 353)
_S390 = (128, 129, 344)
_SPARC = (190, 132, 342)
_ALPHA = (307, 308, 507)
_GENERIC = (105, 106, 273)

#: How uname's machine starts → (init_module, delete_module, finit_module) for 64-bit and for 32-bit programs.
_TABLE: tuple[tuple[str, tuple[int, int, int], tuple[int, int, int]], ...] = (
    ("x86_64", (175, 176, 313), _I386),
    ("aarch64", _GENERIC, _ARM),
    ("riscv", _GENERIC, _GENERIC),
    ("loongarch", _GENERIC, _GENERIC),
    ("ia64", (1133, 1134, 1335), (1133, 1134, 1335)),
    ("i", _I386, _I386),
    ("arm", _ARM, _ARM),
    ("ppc", _POWERPC, _POWERPC),
    ("s390", _S390, _S390),
    ("mips", (5168, 5169, 5307), (4128, 4129, 4348)),
    ("sparc", _SPARC, _SPARC),
    ("alpha", _ALPHA, _ALPHA),
    ("parisc", (128, 129, 333), (128, 129, 333)),
    ("m68k", (128, 129, 348), (128, 129, 348)),
    ("sh", (128, 129, 368), (128, 129, 368)),
    ("microblaze", (128, 129, 380), (128, 129, 380)),
    ("arc", _GENERIC, _GENERIC),
    ("csky", _GENERIC, _GENERIC),
    ("hexagon", _GENERIC, _GENERIC),
    ("nios2", _GENERIC, _GENERIC),
    ("openrisc", _GENERIC, _GENERIC),
)


def numbers(machine: str, wide: bool) -> tuple[int, int, int]:
    """Return the numbers of (init_module, delete_module, finit_module) for a machine as uname names it.

    ``wide``: the calling program is a 64-bit one. Raises MachineError for a machine that is not in the table: a
    guessed number would be some other system call, made as root.

    >>> numbers("x86_64", True), numbers("riscv64", True), numbers("aarch64", False)
    ((175, 176, 313), (105, 106, 273), (128, 129, 379))
    """
    for start, wide_numbers, narrow_numbers in _TABLE:
        if machine.startswith(start):
            return wide_numbers if wide else narrow_numbers
    raise MachineError(f"the numbers of the module system calls are not known for machine '{machine}'")


def _call(which: int, *arguments: bytes | int) -> int:
    """Make the call; return 0, or the error number."""
    import ctypes

    try:
        syscall = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError) as error:
        raise MachineError("the C library has no syscall()", hint=str(error)) from None
    number = numbers(os.uname().machine, sys.maxsize > 2**32)[which]
    words = [ctypes.c_char_p(a) if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments]
    result: int = syscall(ctypes.c_long(number), *words)
    return ctypes.get_errno() if result == -1 else 0


def init_module(image: bytes, parameters: bytes) -> int:
    """Load a module from memory: 0 or the error number."""
    return _call(0, image, len(image), parameters)


def finit_module(fd: int, parameters: bytes, flags: int) -> int:
    """Load a module from an open file (Linux 3.8): 0 or the error number."""
    return _call(2, fd, parameters, flags)


def delete_module(name: bytes, flags: int) -> int:
    """Remove a module: 0 or the error number. ``flags``: O_NONBLOCK, O_TRUNC to force."""
    return _call(1, name, flags)
