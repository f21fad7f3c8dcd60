"""Device tables of 2.4's module files: compiled ones of both word sizes, and harmed ones."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.source import BytesSource
from lkm.index.maps24 import MAPS, map_text
from lkm.modfile.tables24 import SHAPES, read_tables
from tests.support.modules24 import SHIPPED, build

SOURCE = """
#include "module24.h"
INFO("generic_string=one two")
static const struct pci_device_id pci[] = {{0x10b7, 0x5900, ~0u, ~0u, 0x20000, 0xff0000, 7}, {1, 2}, {0}};
TABLE(pci_device, pci)
static const struct usb_device_id usb[] = {{0xf, 0x3f0, 0x107, 0x200, 0x210, 1, 2, 3, 8, 6, 0x50, 0x30000}, {0}};
TABLE(usb_device, usb)
static const struct isapnp_card_id card[] = {{5, 0x630e, 0x1f, {{0x630e, 0x1}, {0x630e, 0x2}}}, {0}};
TABLE(isapnp_card, card)
static const struct isapnp_device_id dev[] = {{0xffff, 0xffff, 0xd041, 0x500, 0}, {0}};
TABLE(isapnp_device, dev)
static const struct ieee1394_device_id fire[] = {{12, 0x1234, 1, 0x609e, 0x10483, (void *) 9}, {0}};
TABLE(ieee1394_device, fire)
static const struct parport_device_id par[] = {{"MODEL:Zip*", 0}, {"", 1}, {0}};
TABLE(parport_device, par)
static const struct pnpbios_device_id bios[] = {{"PNP0501", 9}, {""}};
TABLE(pnpbios_device, bios)
"""
USB = (
    "m                    0x000f      0x03f0   0x0107    0x0200       0x0210       0x01         0x02            "
    "0x03            0x08            0x06               0x50               0x30000"
)
SMALL = """static const unsigned long __module_usb_device_size __attribute__((used)) = 4;
static const int t;
static const int *const __module_usb_device_table __attribute__((used)) = &t;
"""
LINES = {
    "pcimapfile": [
        "m                    0x000010b7 0x00005900 0xffffffff 0xffffffff 0x00020000 0x00ff0000 0x00000007",
        "m                    0x00000001 0x00000002 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000",
    ],
    "usbmapfile": [USB],
    "isapnpmapfile": [
        "m                    0x630e     0x001f     0x00000005  0x630e     0x0001     0x630e     0x0002",
        "m                    0xffff     0xffff     0x00000000  0xd041     0x0500",
    ],
    "ieee1394mapfile": ["m                    0x0000000c  0x001234  0x000001 0x00609e     0x010483"],
    "pnpbiosmapfile": ["m                    PNP0501    0x00000009"],
    "generic_stringfile": ["m                    one two"],
}


def read(image: bytes) -> dict[str, tuple[tuple[int | bytes, ...], ...]]:
    return read_tables(BytesSource(image, "m.o"))


@pytest.mark.parametrize("word", ["-m32", "-m64"])
def test_all_kinds_and_their_maps(word: str) -> None:
    tables = read(build("tables", word, source=SOURCE))
    assert set(tables) == set(SHAPES)
    for keyword, lines in LINES.items():
        head, *found = map_text(keyword, [("m", tables, ("one two",))]).splitlines()
        assert (head, found) == (MAPS[keyword], lines)
    assert tables["parport_device"][0][0] == b"MODEL:Zip*"
    assert tables["ieee1394_device"][0][-1] == 9
    lines = map_text("parportmapfile", [("m", tables, ())]).splitlines()
    assert lines[1:] == ["m                    MODEL:Zip*", "m                    "]


def test_the_file_tells_how_long_its_entries_are() -> None:
    source = """
    #include "module24.h"
    struct long_device_id { struct pci_device_id id; unsigned long more[2]; };
    static const struct long_device_id t[] = {{{1, 2}, {3}}, {{4, 5}}, {{0}}};
    static const unsigned long __module_pci_device_size __attribute__((used)) = sizeof(t[0]);
    static const void *const __module_pci_device_table __attribute__((used)) = t;
    """
    assert [row[:2] for row in read(build("long", source=source))["pci_device"]] == [(1, 2), (4, 5)]


def test_shipped_files() -> None:
    assert [row[1] for row in read((SHIPPED / "3c59x.o").read_bytes())["pci_device"]] == [0x5900, 0x9055, 0x9200]
    assert read((SHIPPED / "fat.o").read_bytes()) == {}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("static const struct pci_device_id t[] = {{1}};\nTABLE(pci_device, t)", "a device table has no end"),
        ("extern const struct pci_device_id t[];\nTABLE(pci_device, t)", "a device table is not in this file"),
        ("TABLE(pci_device, 0)", "__module_pci_device_table points to nothing in this file"),
        (SMALL, "__module_usb_device_size is 4, less than 20"),
    ],
)
def test_tables_that_are_not_whole(source: str, fault: str) -> None:
    with pytest.raises(FormatError, match=fault):
        read(build("broken", source=f'#include "module24.h"\n{source}\n'))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_harmed_file_is_an_error_or_read(at: int, value: int) -> None:
    image = bytearray(build("tables", source=SOURCE))
    image[at % len(image)] = value
    with contextlib.suppress(FormatError):
        read(bytes(image))
