from __future__ import annotations

from pathlib import Path

import pytest

from lkm.kernel.rights import no_ldiscs, no_namespaces, nothing_loads

OPEN = {
    "kernel/ostype": "Linux",
    "kernel/modprobe": "/sbin/modprobe",
    "kernel/modules_disabled": "0",
    "kernel/unprivileged_userns_clone": "1",
    "user/max_user_namespaces": "1000",
    "dev/tty/ldisc_autoload": "1",
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("", "", "")),
        ({"kernel/modprobe": ""}, ("kernel.modprobe is empty", "", "")),
        ({"kernel/modprobe": None}, ("this kernel has no modules", "", "")),
        ({"kernel/modules_disabled": "1"}, ("kernel.modules_disabled is 1", "", "")),
        ({"user/max_user_namespaces": "0"}, ("", "user.max_user_namespaces is 0", "")),
        ({"user/max_user_namespaces": None}, ("", "this kernel has no user namespaces", "")),
        ({"kernel/unprivileged_userns_clone": "0"}, ("", "kernel.unprivileged_userns_clone is 0 (Debian's)", "")),
        ({"kernel/unprivileged_userns_clone": None, "dev/tty/ldisc_autoload": None}, ("", "", "")),
        ({"dev/tty/ldisc_autoload": "0"}, ("", "", "dev.tty.ldisc_autoload is 0")),
    ],
)
def test_what_settings_forbid(change: dict[str, str | None], expected: tuple[str, str, str], tmp_path: Path) -> None:
    for name, value in (OPEN | change).items():
        if value is not None:
            (tmp_path / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "sys" / name).write_text(f"{value}\n")
    proc = str(tmp_path)
    assert (nothing_loads(proc), no_namespaces(proc), no_ldiscs(proc)) == expected
