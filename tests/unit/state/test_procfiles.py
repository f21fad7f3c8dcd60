"""Readers of /proc: what they make of real texts, of those that simulated kernels write, and of anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.report import procfs
from lkm.state import procfiles
from lkm.state.procfiles import FILES
from lkm.state.snapshot import KINDS, Thing

NAME = st.text("abc_-.9", min_size=1, max_size=8)
NUMBER = st.integers(0, 4095)
ROWS = st.lists(st.tuples(NUMBER, NAME), max_size=8)

X86 = """           CPU0       CPU1
  0:         44          0   IO-APIC   2-edge      timer
  9:          0          0   IO-APIC   9-fasteoi   acpi
 24:          1          7  PCI-MSIX-0000:00:03.0   0-edge      virtio0-config
 25:          0          0   PCI-MSI 49152-edge      snd_hda_intel:card0, i801_smbus
NMI:          0          0   Non-maskable interrupts
ERR:          0
"""
UML = """           CPU0
  0:        117   SIGALRM      hr timer
  7:          0     SIGIO      write sigio
"""


@given(st.sampled_from(sorted(FILES)), st.text("ab1 :\t\n-/[]x", max_size=60))
def test_no_text_is_too_odd(file: str, text: str) -> None:
    for thing in FILES[file](text):
        assert thing.kind in KINDS and thing.name
    assert all(procfiles.interfaces(text))


@given(ROWS, ROWS)
def test_devices(char: list[tuple[int, str]], block: list[tuple[int, str]]) -> None:
    found = {(thing.kind, thing.name) for thing in FILES["devices"](procfs.devices(char, block))}
    assert found == {("char", f"{n} {name}") for n, name in char} | {("block", f"{n} {name}") for n, name in block}


@given(st.lists(st.tuples(NAME, st.booleans()), max_size=8))
def test_filesystems(rows: list[tuple[str, bool]]) -> None:
    found = FILES["filesystems"](procfs.filesystems(rows))
    assert found == [Thing("filesystem", name, "nodev" if nodev else "") for name, nodev in rows]


@given(ROWS)
def test_misc(rows: list[tuple[int, str]]) -> None:
    assert {thing.name for thing in FILES["misc"](procfs.misc(rows))} == {f"{n} {name}" for n, name in rows}


@given(ROWS)
def test_interrupts_of_one_processor_now_and_in_2_4(rows: list[tuple[int, str]]) -> None:
    for text in (procfs.interrupts(rows), procfs.interrupts24(rows)):
        assert {thing.name for thing in FILES["interrupts"](text)} == {f"{n} {name}" for n, name in rows}


@given(st.lists(NAME, max_size=5))
def test_interfaces(names: list[str]) -> None:
    assert procfiles.interfaces(procfs.net_dev(names)) == names


def test_interrupts_of_real_machines() -> None:
    assert [thing.name for thing in FILES["interrupts"](X86)] == [
        *("0 timer", "9 acpi", "24 virtio0-config", "25 snd_hda_intel:card0", "25 i801_smbus"),
    ]
    assert [thing.name for thing in FILES["interrupts"](UML)] == ["0 hr timer", "7 write sigio"]


@pytest.mark.parametrize(
    ("file", "text", "things"),
    [
        (
            "net/protocols",
            "protocol  size sockets memory press maxhdr slab module     cl\nDDP 760 0 -1 NI 0 no appletalk n\n",
            [Thing("protocol", "DDP", "", "appletalk")],
        ),
        (
            "net/ptype",
            "Type Device      Function\n0800          ip_rcv\nALL  eth0     packet_rcv [af_packet]\n",
            [Thing("packet", "0800 ip_rcv"), Thing("packet", "ALL packet_rcv", "eth0", "af_packet")],
        ),
        ("iomem", "00-0f : a\n  01-02 : b c\n", [Thing("iomem", "00-0f a"), Thing("iomem", "01-02 b c")]),
        ("ioports", "0060-0060 : keyboard\n", [Thing("ioport", "0060-0060 keyboard")]),
        (
            "tty/drivers",
            "pty_slave            /dev/pts      136 0-1048575 pty:slave\nserial /dev/ttyS 4 64-95 serial\n",
            [Thing("tty", "/dev/pts", "pty_slave"), Thing("tty", "/dev/ttyS", "serial")],
        ),
        ("tty/ldiscs", "n_tty       0\nppp         3\n", [Thing("ldisc", "n_tty", "0"), Thing("ldisc", "ppp", "3")]),
        ("sys/kernel/tainted", "4097\n", [Thing("taint", "P"), Thing("taint", "O")]),
        ("sys/kernel/tainted", "-1\n", []),
        (
            "crypto",
            "name : md4\ndriver : md4-generic\nmodule : md4\ntype : shash\n\nname : a\nmodule : kernel\n\n",
            [Thing("crypto", "md4-generic", "md4 (shash)", "md4"), Thing("crypto", "a", "a (?)")],
        ),
    ],
)
def test_other_texts(file: str, text: str, things: list[Thing]) -> None:
    assert FILES[file](text) == things
