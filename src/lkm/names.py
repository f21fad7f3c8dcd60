"""Module names and alias patterns: the one place that folds ``-`` and ``_``.

The kernel names a module with underscores whatever its file is called (scripts/Makefile.lib, ``name-fix``);
kmod folds what users type in the same way (libkmod-util.c: ``modname_normalize``, ``alias_normalize``).

>>> fold("snd-hda-intel")
'snd_hda_intel'
>>> fold_alias("usb:v*p[0-9]d-x")
'usb:v*p[0-9]d_x'
>>> name_from_path("kernel/fs/fat/vfat-x.ko.xz")
'vfat_x'
"""

from __future__ import annotations

from lkm.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NewType

    ModuleName = NewType("ModuleName", str)
    AliasPattern = NewType("AliasPattern", str)
else:
    ModuleName = AliasPattern = str

#: File name endings of modules, plain and compressed (kmod: libkmod-util.c, ``kmod_exts``).
EXTENSIONS = (".ko", ".ko.gz", ".ko.xz", ".ko.zst")


def fold(text: str) -> ModuleName:
    """Return a module name with every ``-`` turned into ``_``."""
    return ModuleName(text.replace("-", "_"))


def fold_alias(text: str) -> AliasPattern:
    """Return an alias with ``-`` turned into ``_``, except inside ``[...]``, where it makes a range.

    Raises FormatError when a bracket is closed that was not opened, or left open.
    """
    if "[" not in text and "]" not in text:
        return AliasPattern(text.replace("-", "_"))
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "]":
            raise FormatError(f"']' without '[' in alias {text!r}", offset=at)
        if char == "[":
            end = text.find("]", at)
            if end < 0:
                raise FormatError(f"'[' without ']' in alias {text!r}", offset=at)
            out.append(text[at : end + 1])
            at = end + 1
            continue
        out.append("_" if char == "-" else char)
        at += 1
    return AliasPattern("".join(out))


def name_from_path(path: str) -> ModuleName:
    """Return the module name that a file's name gives: all before the first dot, folded."""
    return fold(path.rsplit("/", 1)[-1].split(".", 1)[0])


def is_module_path(path: str) -> bool:
    """Tell whether a file name ends as a module's does.

    >>> [is_module_path(p) for p in ("a.ko", "a.ko.zst", "a.o", "ko", ".ko")]
    [True, True, False, False, True]
    """
    return path.endswith(EXTENSIONS)
