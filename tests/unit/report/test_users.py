from __future__ import annotations

import pytest

from lkm.report.users import user_line
from lkm.state.users import User


@pytest.mark.parametrize(
    ("user", "line"),
    [
        (User("device", "/dev/ppp", "", 5, "pppd"), "process 5 (pppd) has /dev/ppp open"),
        (User("socket", "DDP", "", 5, "a\x1b", 3), "process 5 (a\\x1b) has a socket of protocol DDP open, 3 times"),
        (
            User("socket", "SCTP"),
            "the kernel itself, or a process that cannot be seen, has a socket of protocol SCTP open",
        ),
        (User("mount", "/", "overlay o"), "a file system (overlay o) is mounted on /"),
        (
            User("mount", "/it's", "msdos /dev/x"),
            "a file system (msdos /dev/x) is mounted on /it's; `umount '/it'\\''s'` ends that",
        ),
        (
            User("mount", "/b", "ext4 x", 5, "box"),
            "a file system (ext4 x) is mounted on /b, as process 5 (box) sees it",
        ),
        (User("mapping", "/dev/uio0", "", 5, "a"), "process 5 (a) has /dev/uio0 mapped"),
        (User("swap", "/dev/zram0"), "swap is on /dev/zram0; `swapoff /dev/zram0` ends that"),
        (User("loop", "/dev/loop0", "/a"), "/dev/loop0 is attached to /a; `losetup -d /dev/loop0` ends that"),
        (User("interface", "eth0", "up"), "network interface eth0 (up) stands on it"),
        (User("algorithm", "a-c", count=2), "algorithm a-c of the kernel's crypto is in use, 2 times"),
        (User("count", "mount msdos"), "`lkm sim mount msdos` was called"),
    ],
)
def test_each_kind_of_user(user: User, line: str) -> None:
    assert user_line(user) == line
