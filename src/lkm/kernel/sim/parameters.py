r"""How the kernel reads a module's parameters (kernel: lib/cmdline.c: ``next_arg``; kernel/params.c).

>>> split('a=1 "b=x y" c="p q" -- d')
([('a', '1'), ('b', 'x y'), ('c', 'p q')], 'd')
"""

from __future__ import annotations

import errno

_RANGES = {
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
_SPACE = " \t\n\v\f\r\xa0"


def split(text: str) -> tuple[list[tuple[str, str | None]], str]:
    """Return names and values (None: no ``=``), and what follows ``--`` (``parse_args``)."""
    found: list[tuple[str, str | None]] = []
    text = text.lstrip(_SPACE)
    while text:
        name, value, text = _next(text)
        if name == "--" and value is None:
            return found, text
        found.append((name, value))
    return found, ""


def _next(text: str) -> tuple[str, str | None, str]:
    """Cut one argument off (``next_arg``): a quote protects spaces and is dropped at the ends only."""
    quoted = text.startswith('"')
    inside = quoted
    text = text[1:] if quoted else text
    equals = at = 0
    while at < len(text) and (inside or text[at] not in _SPACE):
        if equals == 0 and text[at] == "=":
            equals = at
        elif text[at] == '"':
            inside = not inside
        at += 1
    argument, rest = text[:at], text[at:].lstrip(_SPACE)
    if quoted and argument.endswith('"'):
        argument = argument[:-1]
    if not equals:
        return argument, None, rest
    value = argument[equals + 1 :]
    if value.startswith('"'):
        value = value[1:]
        value = value.removesuffix('"')
    return argument[:equals], value, rest


def judge(kind: str, value: str | None) -> int:
    """Return the errno with which the kernel refuses a value for a parameter of that type, or 0.

    Array bounds and ``string`` lengths stand in no section that can be read without running the module: not judged.
    """
    if kind.startswith("array of "):
        if value is None:
            return errno.EINVAL
        return next((number for part in value.split(",") if (number := judge(kind[9:], part))), 0)
    if kind in ("bool", "invbool", "bint"):
        if value is None:  # KERNEL_PARAM_OPS_FL_NOARG, which param_ops_invbool has not
            return errno.EINVAL if kind == "invbool" else 0
        return 0 if _is_bool(value) else errno.EINVAL
    if value is None:
        return errno.EINVAL
    if kind in _RANGES:
        return _number(value, *_RANGES[kind])
    return errno.ENOSPC if kind == "charp" and len(value) > 1024 else 0


def _is_bool(value: str) -> bool:
    """Tell whether lib/kstrtox.c: ``kstrtobool`` takes it: by the first letter, or by two for on and off."""
    return value[:1] in tuple("yYtT1nNfF0") or value[:2].lower() in ("on", "of")


def _number(value: str, low: int, high: int) -> int:
    """Judge a number as lib/kstrtox.c: ``kstrtoll`` with base 0: one newline at its end is taken."""
    digits = value.removesuffix("\n")
    negative = digits.startswith("-")
    digits = digits[1:] if digits[:1] == "+" or (negative and low < 0) else digits
    base = 10
    if digits[:2].lower() == "0x" and digits[2:3] and digits[2] in "0123456789abcdefABCDEF":
        digits, base = digits[2:], 16
    elif digits.startswith("0"):
        base = 8
    allowed = "0123456789abcdef"[:base]
    if not digits or any(digit not in allowed for digit in digits.lower()):
        return errno.EINVAL
    number = int(digits, base) * (-1 if negative else 1)
    return 0 if low <= number <= high else errno.ERANGE
