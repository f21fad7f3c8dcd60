r"""How the kernel reads a module's parameters (kernel: lib/cmdline.c: ``next_arg``; kernel/params.c).

>>> split('a=1 "b=x y" c="p q" -- d')
([('a', '1'), ('b', 'x y'), ('c', 'p q')], 'd')
>>> split("a")
([('a', None)], None)
"""

from __future__ import annotations

import errno

from lkm.config.values import refusal
from lkm.kernel.sim.signatures import locked_down
from lkm.modfile.kernelparam import HARDWARE, UNSAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.world import World
    from lkm.modfile.kernelparam import KernelParam

_ERR, _NOTICE = 3, 5
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
    number = refusal(parameter.type, value, parameter.limit)
    if number == errno.ENOSPC:
        room = f"string doesn't fit in {(parameter.limit or 1) - 1} chars."
        world.say(_ERR, f"{parameter.name}: {'string parameter too long' if parameter.type == 'charp' else room}")
    return number
