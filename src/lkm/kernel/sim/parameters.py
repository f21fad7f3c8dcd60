r"""How the kernel reads a module's parameters (kernel: lib/cmdline.c: ``next_arg``; kernel/params.c).

>>> split('a=1 "b=x y" c="p q" -- d')
([('a', '1'), ('b', 'x y'), ('c', 'p q')], 'd')
>>> split("a")
([('a', None)], None)
"""

from __future__ import annotations

import errno

from lkm.kernel.sim.signatures import locked_down
from lkm.modfile.kernelparam import HARDWARE, UNSAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.world import World
    from lkm.modfile.kernelparam import KernelParam

_ERR, _NOTICE = 3, 5
_DIGITS = "0123456789abcdefABCDEF"
_LONGEST = 1024  # ``param_set_charp``
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


def split(text: str) -> tuple[list[tuple[str, str | None]], str | None]:
    """Return names and values (None: no ``=``), and what follows ``--`` (None: there is none; ``parse_args``)."""
    found: list[tuple[str, str | None]] = []
    text = text.lstrip(_SPACE)
    while text:
        name, value, text = _next(text)
        if name == "--" and value is None:
            return found, text
        found.append((name, value))
    return found, None


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


def give(world: World, parameter: KernelParam, value: str | None) -> tuple[int, str]:
    """Return the errno with which the kernel refuses a value, or 0, and the value as it then shows it.

    ``parse_one``; what it says of dangerous parameters, lengths and counts goes to the world's log.
    """
    if value is None and not parameter.bare:
        return errno.EINVAL, ""
    if parameter.flags & HARDWARE and (number := locked_down(world, "unsafe module parameters")):
        return number, value or ""
    if parameter.flags & UNSAFE:
        world.say(_NOTICE, f"Setting dangerous option {parameter.name} - tainting kernel")
    if parameter.type.startswith("array of "):
        return _array(world, parameter, value or "")
    return judge(world, parameter, value), value or ""


def _array(world: World, parameter: KernelParam, value: str) -> tuple[int, str]:
    """``param_array``: it ends each element in place, so that only the first one is shown then."""
    first = value.partition(",")[0]
    element = parameter._replace(type=parameter.type.removeprefix("array of "))
    for count, part in enumerate(value.split(",")):
        if count == parameter.limit:
            world.say(_ERR, f"{parameter.name}: can only take {parameter.limit} arguments")
            return errno.EINVAL, first
        if number := judge(world, element, part):
            return number, first
    return 0, first


def judge(world: World, parameter: KernelParam, value: str | None) -> int:
    """Return the errno with which one of the kernel's own types refuses a value, or 0 (``param_set_*``).

    What a module reads by functions of its own is taken.
    """
    kind = parameter.type
    if kind in ("bool", "invbool", "bint", "bool_enable_only"):
        return 0 if value is None or is_bool(value) else errno.EINVAL
    if value is None:
        return 0
    size = len(value.encode("utf-8", "surrogateescape"))
    if kind == "charp" and size > _LONGEST:
        world.say(_ERR, f"{parameter.name}: string parameter too long")
        return errno.ENOSPC
    if kind == "string" and parameter.limit is not None and size >= parameter.limit:
        world.say(_ERR, f"{parameter.name}: string doesn't fit in {parameter.limit - 1} chars.")
        return errno.ENOSPC
    return _number(value, *_RANGES[kind]) if kind in _RANGES else 0


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
