from __future__ import annotations

import pytest

from lkm.diagnose.engine import diagnose
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from lkm.state.users import User, Uses
from tests.support.sick import KERNEL, holding, loaded, unload

FAT = LoadedModule(ModuleName("fat"), 1, 3, (ModuleName("msdos"),))


def test_modules_and_others() -> None:
    uses = Uses((("msdos", (User("mount", "/mnt", "msdos /dev/loop0"),)), ("fat", (User("swap", "/dev/x y"),))))
    (finding,) = diagnose(unload("fat", holding(FAT), "EAGAIN", uses=uses))
    assert (finding.code, finding.errno, finding.certainty) == ("in-use", "EAGAIN", "certain")
    assert finding.what == "fat is in use by module msdos and 2 users that are no modules"
    assert [(fact.text, fact.origin) for fact in finding.facts] == [
        ("fat 3 msdos", "/proc/modules"),
        ("swap is on /dev/x y", "/proc/swaps"),
        ("msdos: a file system (msdos /dev/loop0) is mounted on /mnt", "/proc/self/mountinfo"),
    ]
    assert [(r.command, r.risk) for r in finding.remedies] == [
        ("swapoff '/dev/x y'", "safe"),
        ("umount /mnt", "safe"),
        ("lkm modprobe -r msdos", "safe"),
    ]


@pytest.mark.parametrize(
    ("user", "text", "origin", "command"),
    [
        (
            User("device", "/dev/net/tun", "", 12, "vpn", 2),
            "process 12 (vpn) has /dev/net/tun open, 2 times",
            "/proc/12/fd",
            "kill 12",
        ),
        (User("mapping", "/dev/u", "", 3, "a"), "process 3 (a) has /dev/u mapped", "/proc/3/maps", "kill 3"),
        (
            User("socket", "DDP"),
            "the kernel itself, or a process that cannot be seen, has a socket of protocol DDP open",
            "/proc/net/protocols",
            "",
        ),
        (
            User("mount", "/m", "minix x", 9, "sh"),
            "a file system (minix x) is mounted on /m, as process 9 (sh) sees it",
            "/proc/9/mountinfo",
            "nsenter -t 9 -m umount /m",
        ),
        (User("mount", "/", "x /dev/a"), "a file system (x /dev/a) is mounted on /", "/proc/self/mountinfo", ""),
        (User("loop", "/dev/loop1", "/a b"), "/dev/loop1 is attached to /a b", "/sys/block", "losetup -d /dev/loop1"),
        (
            User("interface", "t0", "up"),
            "network interface t0 (up) stands on it",
            "/sys/class/net",
            "ip link del t0",
        ),
        (User("algorithm", "a-c"), "algorithm a-c of the kernel's crypto is in use", "/proc/crypto", ""),
        (User("count", "use x"), "`lkm sim use x` was called", "the simulated kernel", ""),
    ],
)
def test_each_kind_of_user(user: User, text: str, origin: str, command: str) -> None:
    module = LoadedModule(ModuleName("m"), 1, 1)
    (finding,) = diagnose(unload("m", holding(module), uses=Uses((("m", (user,)),))))
    assert finding.what == "m is in use by 1 user that is no module"
    assert (finding.facts[1].text, finding.facts[1].origin) == (text, origin)
    assert [remedy.command for remedy in finding.remedies] == ([command] if command else [])


def test_nobody_can_be_seen_and_not_all_could_be_looked_at() -> None:
    (finding,) = diagnose(unload("m", holding(LoadedModule(ModuleName("m"), 1, 1)), uses=Uses((), complete=False)))
    assert finding.facts[1].text.endswith("that can be seen is not one of its users")
    assert finding.facts[2].text == "some processes could not be looked at: root may look at all"


def test_only_the_errno_is_known() -> None:
    (finding,) = diagnose(unload("m", KERNEL._replace(loaded=None), "EAGAIN"))
    assert (finding.what, finding.facts[0].text) == ("m is in use", "delete_module: EAGAIN")


def test_one_that_nobody_uses() -> None:
    assert diagnose(unload("m", loaded("m"))) == ()
