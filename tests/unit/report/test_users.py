from __future__ import annotations

import pytest

from lkm.kernel.interface import Refused
from lkm.names import ModuleName
from lkm.report.removal import explain_unload, in_use, obstacle
from lkm.report.users import user_line, user_lines
from lkm.state.nouns import LoadedModule
from lkm.state.users import User, Uses


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


def test_how_many_and_who() -> None:
    swap = User("swap", "/s")
    assert user_lines("a", 1, None) == ("1 user, none of them a module",)
    assert user_lines("a", 2, Uses())[0].startswith("2 users, none of them a module; and every mount, ")
    many = user_lines("a", 12, Uses((("a", (swap,) * 12),), complete=False))
    assert len(many) == 13 and many[0] == "12 users, none of them a module:"
    assert many[-2:] == ("and 2 more", "some processes could not be looked at: root may look at all")


FAT = LoadedModule(ModuleName("fat"), 1, 1, (ModuleName("msdos"),))
MOUNTED = Uses((("msdos", (User("mount", "/m", "msdos /dev/x"),)),))


def test_the_users_of_a_holder_come_before_the_cure_for_it() -> None:
    lines = in_use(FAT, ("msdos",), MOUNTED)
    assert lines[0].startswith("msdos: a file system (msdos /dev/x) is mounted on /m;")
    assert lines[1].startswith("cure, when that has ended: `lkm modprobe -r msdos` removes msdos, and fat with it")
    assert in_use(FAT, ("msdos",))[0].startswith("cure: ")


def test_both_branches_say_it() -> None:
    foreseen = obstacle("fat", FAT._replace(holders=()), uses=Uses((("fat", (User("swap", "/s"),)),)))
    assert foreseen[:2] == ("Module fat is in use", "1 user, none of them a module:")
    assert foreseen[2].startswith("swap is on /s")
    refused = explain_unload(Refused("delete_module", 11), FAT, uses=MOUNTED)
    assert refused[0] == "it is in use by: msdos" and refused[1].startswith("msdos: a file system")
