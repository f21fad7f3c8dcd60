from __future__ import annotations

import re
from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.kernel.syscalls import delete_module, numbers

HEADERS = Path("/usr/include")
CASES = {
    "x86_64-linux-gnu/asm/unistd_64.h": ("x86_64", True),
    "x86_64-linux-gnu/asm/unistd_32.h": ("i686", False),
    "asm-generic/unistd.h": ("riscv64", True),
}


@pytest.mark.parametrize("header", CASES)
def test_numbers_are_those_of_the_c_headers(header: str) -> None:
    text = (HEADERS / header).read_text()
    names = ("init_module", "delete_module", "finit_module")
    found = [int(m[1]) for name in names if (m := re.search(rf"define __NR_{name} (\d+)", text))]
    assert numbers(*CASES[header]) == tuple(found)


@pytest.mark.parametrize(
    ("machine", "wide", "expected"),
    [
        ("x86_64", False, (128, 129, 350)),
        ("aarch64", True, (105, 106, 273)),
        ("aarch64", False, (128, 129, 379)),
        ("armv7l", False, (128, 129, 379)),
        ("ppc64le", True, (128, 129, 353)),
        ("s390x", True, (128, 129, 344)),
        ("mips64", True, (5168, 5169, 5307)),
        ("mips", False, (4128, 4129, 4348)),
        ("loongarch64", True, (105, 106, 273)),
        ("ia64", True, (1133, 1134, 1335)),
    ],
)
def test_numbers_of_other_machines(machine: str, wide: bool, expected: tuple[int, int, int]) -> None:
    assert numbers(machine, wide) == expected


def test_unknown_machine_is_an_error_not_a_guess() -> None:
    with pytest.raises(MachineError, match="vax"):
        numbers("vax", False)


def test_a_call_gives_the_error_number() -> None:
    assert delete_module(b"no_such_module_anywhere", 0o4000) != 0
