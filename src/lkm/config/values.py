"""Which values the kernel's own parameter types take (kernel/params.c: ``param_set_*``; lib/kstrtox.c).

>>> [errno.errorcode.get(refusal("int", value), "") for value in ("5", "0x1f", "5k", "99999999999")]
['', '', 'EINVAL', 'ERANGE']
"""

from __future__ import annotations

import errno

_DIGITS = "0123456789abcdefABCDEF"
_LONGEST = 1024  # ``param_set_charp``
BOOLS = ("bool", "invbool", "bint", "bool_enable_only")
#: Type → the least and the greatest number.
RANGES = {
    "byte": (0, 0xFF),
    "short": (-0x8000, 0x7FFF),
    "ushort": (0, 0xFFFF),
    "int": (-0x80000000, 0x7FFFFFFF),
    "uint": (0, 0xFFFFFFFF),
    "hexint": (0, 0xFFFFFFFF),
    "long": (-0x8000000000000000, 0x7FFFFFFFFFFFFFFF),
    "ulong": (0, 0xFFFFFFFFFFFFFFFF),
    "ullong": (0, 0xFFFFFFFFFFFFFFFF),
}


def refusal(kind: str, value: str | None, limit: int | None = None) -> int:
    """Return the errno with which a type of the kernel's own (``int``) refuses a value, or 0.

    ``value`` is None for a name without ``=``. ``limit``: bytes of a ``string``, the zero at its end included. Any
    other type is read by the module itself, and takes all. An array is judged element by element, by the caller.
    """
    if value is None:
        return 0
    if kind in BOOLS:
        return 0 if is_bool(value) else errno.EINVAL
    size = len(value.encode("utf-8", "surrogateescape"))
    if (kind == "charp" and size > _LONGEST) or (kind == "string" and limit is not None and size >= limit):
        return errno.ENOSPC
    return _number(value, *RANGES[kind]) if kind in RANGES else 0


def is_bool(value: str) -> bool:
    """Tell whether lib/kstrtox.c: ``kstrtobool`` takes it: by the first letter, or by two for on and off."""
    return value[:1] in tuple("yYtT1nNfF0") or value[:2].lower() in ("on", "of")


def is_true(value: str) -> bool:
    """Tell what a bool that the kernel takes means."""
    return value[:1] in tuple("yYtT1") or value[:2].lower() == "on"


def _number(value: str, low: int, high: int) -> int:
    """Judge a number as lib/kstrtox.c: ``kstrtoll`` with base 0: one newline at its end is taken.

    What does not fit 64 bits is out of range whatever follows it; else what follows is judged first.
    """
    negative = value.startswith("-") and low < 0
    text = value[1:] if value[:1] == "+" or negative else value
    base = 10
    if text[:2].lower() == "0x" and text[2:3] and text[2] in _DIGITS:
        text, base = text[2:], 16
    elif text.startswith("0"):
        base = 8
    rest = text.lstrip(_DIGITS if base == 16 else _DIGITS[:base])
    digits = text[: len(text) - len(rest)]
    if not digits:
        return errno.EINVAL
    if len(digits.lstrip("0")) > 22 or (number := int(digits, base)) >= 1 << 64:
        return errno.ERANGE
    if rest not in ("", "\n"):
        return errno.EINVAL
    return 0 if low <= (-number if negative else number) <= high else errno.ERANGE
