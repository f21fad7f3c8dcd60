from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.devices import Device, hardware_ids, matching, prefixes

NIC = Device("pci", "0000:00:03.0", "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00", "e1000", "e1000")
BATTERY = Device("acpi", "PNP0C0A:00", "acpi:PNP0C0A:")
MUTE = Device("platform", "thing")


def test_hardware_ids_are_aliases_with_a_bus() -> None:
    aliases = (
        "pci:v*",
        "usb:v1*",
        "acpi*:PNP0C0A:*",
        "fs-ext4",
        "net-pf-10-proto-132",
        "char-major-10-200",
        ":x",
        "devname:fuse",
        "a b:c",
    )
    assert hardware_ids(aliases) == ("pci:v*", "usb:v1*", "acpi*:PNP0C0A:*")
    assert prefixes(aliases) == ("acpi", "pci", "usb")


def test_which_devices_match() -> None:
    devices = (NIC, BATTERY, MUTE)
    assert matching(["pci:v00008086d0000100Esv*sd*bc*sc*i*"], devices) == (NIC,)
    assert matching(["acpi*:PNP0C0A:*", "pci:v00008086d0000FFFF*"], devices) == (BATTERY,)
    assert matching(["*", "usb:v*"], devices) == ()


@given(st.lists(st.text("a:*-", max_size=6)), st.text("a:-", max_size=6))
def test_only_hardware_ids_count(aliases: list[str], modalias: str) -> None:
    device = Device("x", "y", modalias)
    assert matching(aliases, [device]) == matching(hardware_ids(aliases), [device])
