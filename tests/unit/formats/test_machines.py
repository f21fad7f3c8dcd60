from __future__ import annotations

import os

from lkm.formats.machines import machine_name


def test_this_machines_programs() -> None:
    with open("/proc/self/exe", "rb") as file:
        head = file.read(20)
    assert machine_name(int.from_bytes(head[18:20], "little")) == os.uname().machine
