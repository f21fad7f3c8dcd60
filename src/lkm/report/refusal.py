"""kmod's words for a refusal: an error number, and no more. What they leave out is in report/finding.py."""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# tools/insmod.c: mod_strerror; all other numbers are called what strerror(3) calls them
_INSMOD = {
    errno.ENOEXEC: "Invalid module format",
    errno.ENOENT: "Unknown symbol in module",
    errno.ESRCH: "Module has wrong symbol version",
    errno.EINVAL: "Invalid parameters",
}


def insmod_text(number: int, strerror: Callable[[int], str]) -> str:
    """Return kmod insmod's words for an error number.

    >>> insmod_text(2, str), insmod_text(17, str)
    ('Unknown symbol in module', '17')
    """
    return _INSMOD.get(number) or strerror(number)


def modprobe_text(number: int, strerror: Callable[[int], str]) -> str:
    """Return kmod modprobe's words for an error of loading, but for its "(see dmesg)": we do that.

    >>> modprobe_text(2, str), modprobe_text(17, str), modprobe_text(8, str)
    ('Unknown symbol in module, or unknown parameter', 'Module already in kernel', '8')
    """
    if number == errno.EEXIST:
        return "Module already in kernel"
    if number == errno.ENOENT:
        return "Unknown symbol in module, or unknown parameter"
    return strerror(number)


def printable(text: str) -> str:
    r"""Return a kernel's words with control characters escaped, as modules choose them and a terminal would obey.

    >>> printable("magic: != \x7fELF")
    'magic: != \\x7fELF'
    """
    return "".join([char if char.isprintable() else f"\\x{ord(char):02x}" for char in text])
