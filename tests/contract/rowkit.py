"""What a row of the contract is, and what most rows are made of: see rows.py."""

from __future__ import annotations

import re

from lkm.record import Record
from tests.contract.play import Call

Expected = tuple[str, str, tuple[str, ...]]
#: What is said only the first time since boot.
ONCE = re.compile(r"taints? kernel|kernel tainted|tainting kernel$|Disabling lock debugging|tainting kernel with")


class Row(Record):
    """One row. ``uml`` and ``debian``: None where that kernel cannot have it. ``policy``: the kernel's, in words."""

    title: str
    calls: tuple[Call, ...]
    uml: Expected | None
    debian: Expected | None
    fresh: bool = False
    policy: str = ""


STAGING = "<4>gt_main: module is from the staging directory, the quality is unknown, you have been warned."
LOCK = "<4>Disabling lock debugging due to kernel taint"
UNVERIFIED = "module verification failed: signature and/or required key missing - tainting kernel"
UNSIGNED = f"<5>msdos: {UNVERIFIED}"
MAGIC = "Invalid ELF header magic: != \x7fELF"
OVERFLOW = ("ENOEXEC", "", ("<3>Invalid ELF section header overflow",))
_FAT_SYMBOLS = """
    dir_empty time_unix2fat get_dotdot_entry free_clusters setattr __fat_fs_error scan getattr attach update_time
    build_inode fill_super alloc_new_dir remove_entries add_entries sync_inode truncate_time flush_inodes detach
"""
MISSING = tuple(
    [
        f"<4>msdos: Unknown symbol {name if name.startswith('_') else f'fat_{name}'} (err -2)"
        for name in _FAT_SYMBOLS.split()
    ]
)
FAT: Call = ["load", "fat.ko", "", 0]
MSDOS: Call = ["load", "msdos.ko", "", 0]
MAIN: Call = ["load", "gt_main.ko", "", 0]
SYSFS = "/sys/module/gt_main/parameters"
OK: Expected = ("OK", "", ())
GONE: Expected = ("OK", "-", ())


def closed() -> Expected:
    said = "module using GPL-only symbols uses symbols gt_sym from proprietary module gt_main."
    return no("ENOENT", f"<3>gt_user: {said}", "<4>gt_user: Unknown symbol gt_sym (err -2)")


def no(name: str, *said: str) -> Expected:
    return (name, "-", said)


def file(name: str, text: str = "", flags: int = 0, before: tuple[Call, ...] = (FAT,)) -> tuple[Call, ...]:
    return (*before, ["load", name, text, flags])


def main(text: str) -> tuple[Call, ...]:
    return (["load", "gt_main.ko", text, 0],)


def refused(title: str, name: str, said: str = "", number: str = "ENOEXEC", flags: int = 0) -> Row:
    """Return a row of a file that both kernels refuse in the same words."""
    answer = no(number, *([said] if said else []))
    return Row(title, file(name, flags=flags), answer, answer)


def taken(title: str, text: str, *said: str, debian: str = "OE") -> Row:
    return Row(title, main(text), ("OK", "O", said), ("OK", debian, said))


def invalid(title: str, text: str, number: str, name: str, value: str, *before: str) -> Row:
    answer = no(number, *before, f"<3>gt_main: `{value}' invalid for parameter `{name}'")
    return Row(title, main(text), answer, answer)
