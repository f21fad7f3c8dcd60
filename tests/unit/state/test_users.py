from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.users import (
    Mount,
    User,
    Uses,
    parse_crypto,
    parse_devices,
    parse_maps,
    parse_mountinfo,
    parse_protocols,
    parse_swaps,
    unescape,
)

MOUNTS = """\
21 16 0:17 / / rw,relatime - overlay overlay rw,lowerdir=/
30 21 7:0 / /mnt/a\\040b rw,nosuid shared:1 master:2 - fuse.sshfs me@there:/ rw
nonsense
1 2 3
31 21 7:1 / /x rw - ext4
"""
PROTOCOLS = """\
protocol  size sockets  memory press maxhdr  slab module     cl co di
DDP        760      0      -1   NI       0   no   appletalk   n  n  n
UNIX-STREAM  960      0      -1   NI       0   yes  kernel      y  n  n
my proto   760      7      -1   NI       0   no   mine   n  n  n
short line
"""


def test_mounts_with_and_without_optional_fields() -> None:
    assert parse_mountinfo(MOUNTS) == (
        Mount("0:17", "/", "overlay", "overlay"),
        Mount("7:0", "/mnt/a b", "fuse.sshfs", "me@there:/"),
    )


def test_the_first_name_of_a_major_counts() -> None:
    text = "Character devices:\n  5 /dev/tty\n  5 /dev/console\n 10 misc\n\nBlock devices:\n  7 loop\nx y\n"
    assert parse_devices(text) == {("char", 5): "/dev/tty", ("char", 10): "misc", ("block", 7): "loop"}
    assert parse_devices(" 10 misc\n") == {}


def test_protocols_of_modules() -> None:
    assert parse_protocols(PROTOCOLS) == {"DDP": ("appletalk", 0), "my proto": ("mine", 7)}


def test_algorithms_that_somebody_uses() -> None:
    text = "name : a\ndriver : a-c\nmodule : m\nrefcnt : 3\n\nname : b\nmodule : kernel\nrefcnt : 9\n\njunk\n"
    assert parse_crypto(text) == (("m", "a-c", 2),)


def test_users_of_a_module() -> None:
    uses = Uses((("a", (User("swap", "/x"),)), ("b", ())))
    assert uses.of("a") == (User("swap", "/x"),)
    assert uses.of("b") == uses.of("c") == ()


@given(st.text("ab \\\t\n"))
def test_paths_come_back(path: str) -> None:
    escaped = "".join([f"\\{ord(c):03o}" if c in " \\\t\n" else c for c in path])
    assert unescape(escaped) == path


@given(st.one_of(st.text(), st.text("0123456789: -\n\\/amodulerfcnt")))
def test_no_text_breaks_a_reader(text: str) -> None:
    for reader in (parse_maps, parse_mountinfo, parse_devices, parse_protocols, parse_swaps, parse_crypto):
        reader(text)
        reader(f"protocol sockets module x\nCharacter devices:\n{text}")
