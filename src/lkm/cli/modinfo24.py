"""``modinfo`` where the kernel is a world that speaks 2.4 (modutils 2.4: modinfo.c; its forms are from memory)."""

from __future__ import annotations

import sys

from lkm.cli import insmod24, voice24
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError
from lkm.formats.source import BytesSource
from lkm.kernel.sim.typed24 import split_type
from lkm.modfile.object24 import read24
from lkm.report.insmod24 import no_version
from lkm.report.modprobe24 import some
from lkm.system.files import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel24 import Kernel24
    from lkm.modfile.object24 import Object24, Parm24

USAGE = "modinfo [-adlnp] [-f FORMAT] FILE|NAME..."
OPTIONS = (
    Option("a", "author", "", "print the author"),
    Option("d", "description", "", "print the description"),
    Option("l", "license", "", "print the license"),
    Option("n", "filename", "", "print the file"),
    Option("p", "parameters", "", "print the parameters"),
    Option("f", "format", "FORMAT", "print this: %{author} and so on, %{KEY} of .modinfo; \\n and \\t"),
    VERSION,
    HELP,
)
_TYPES = {"b": "byte", "h": "short", "i": "int", "l": "long", "s": "string", "c": "char"}
_ALL = ("filename", "description", "author", "license", "parameters")


def main(argv: list[str], kernel: Kernel24) -> int:
    """Show what files say of themselves; status 1 when one cannot be read."""
    understood = understand("modinfo", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    if not operands:
        voice24.put("modinfo", f"usage: {USAGE}")
        return 1
    given = dict(options)
    wanted = [key for key in _ALL if key in given]
    status = 0
    for operand in operands:
        path = insmod24.find_file(kernel, operand)
        if not path:
            places = some(insmod24.search_paths(kernel))
            why = f"  why: there is no such file, nor {operand}.o below {places}."
            voice24.put("modinfo", f"modinfo: {operand}: no module by that name found", why)
            status = 1
            continue
        try:
            module = read24(BytesSource(read_bytes(path), path))
        except LkmError as error:
            voice24.put("modinfo", f"modinfo: {error}")
            status = 1
            continue
        if "format" in given:
            sys.stdout.write(formatted(given["format"], path, module))
        else:
            sys.stdout.write(lines(path, module, wanted))
        if not module.is_module:
            voice24.put("modinfo", *[f"  {line}" for line in no_version().why])
    return status


def lines(path: str, module: Object24, wanted: list[str]) -> str:
    """Return the lines of these fields, or, without any, of all with their names."""
    out = []
    for key in wanted or _ALL:
        if key == "parameters":
            texts = [parameter(each) for each in module.parameters]
            out += [text if wanted else f"{'parm:':<13}{text}" for text in texts]
            continue
        text = path if key == "filename" else _quoted(module, key)
        out.append(text if wanted else f"{key + ':':<13}{text}")
    return "".join([f"{line}\n" for line in out])


def _quoted(module: Object24, key: str) -> str:
    values = module.values(key)
    return ", ".join([f'"{value}"' for value in values]) or "<none>"


def parameter(each: Parm24) -> str:
    """Return how a parameter is shown.

    >>> from lkm.modfile.object24 import Parm24
    >>> parameter(Parm24("io", "1-4i", "I/O base")), parameter(Parm24("name", "c16"))
    ('io int array (min = 1, max = 4), description "I/O base"', 'name char (max 15)')
    """
    least, most, letter, width, persistent = split_type(each.type)
    text = f"{each.name} {_TYPES.get(letter, f'unknown type {each.type}')}"
    text += f" (max {width - 1})" if letter == "c" else ""
    text += f" array (min = {least}, max = {most})" if most > 1 else ""
    text += ", persistent" if persistent else ""
    return text + (f', description "{each.description}"' if each.description else "")


def formatted(form: str, path: str, module: Object24) -> str:
    r"""Return a text in which ``%{KEY}`` is replaced by what the file says, or ``<none>``; ``%%`` is a ``%``."""
    out, at = "", 0
    while at < len(form):
        end = form.find("}", at)
        if form.startswith("%{", at) and end > 0:
            key = form[at + 2 : end]
            values = {"filename": path, "param": "\n".join([parameter(each) for each in module.parameters])}
            out += values.get(key) or ", ".join(module.values(key)) or "<none>"
            at = end + 1
            continue
        pair = form[at : at + 2]
        known = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "%%": "%"}.get(pair)
        out += known or form[at]
        at += 2 if known else 1
    return out
