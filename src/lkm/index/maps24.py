"""The maps that depmod of modutils 2.4 wrote beside modules.dep: which module drives which device.

The first lines and the layout of pcimap and usbmap are those that its successor kept; the others are from memory.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.modfile.tables24 import Tables

#: Keyword of the configuration → the map's first line.
MAPS = {
    "generic_stringfile": "# module             generic string",
    "pcimapfile": "# pci module         vendor     device     subvendor  subdevice  class      class_mask"
    " driver_data",
    "isapnpmapfile": "# isapnp module      cardvendor carddevice driver_data vendor     function   ...",
    "usbmapfile": "# usb module         match_flags idVendor idProduct bcdDevice_lo bcdDevice_hi bDeviceClass"
    " bDeviceSubClass bDeviceProtocol bInterfaceClass bInterfaceSubClass bInterfaceProtocol driver_info",
    "parportmapfile": "# parport module     pattern",
    "ieee1394mapfile": "# ieee1394 module    match_flags vendor_id model_id specifier_id version",
    "pnpbiosmapfile": "# pnpbios module     id         driver_data",
}
#: Keyword → the kinds of tables that go into the map, each with the format of an entry.
_FORMATS = {
    "pcimapfile": {"pci_device": "0x%08x 0x%08x 0x%08x 0x%08x 0x%08x 0x%08x 0x%08x"},
    "usbmapfile": {
        "usb_device": "0x%04x      0x%04x   0x%04x    0x%04x       0x%04x       0x%02x         0x%02x            "
        "0x%02x            0x%02x            0x%02x               0x%02x               0x%x"
    },
    "isapnpmapfile": {"isapnp_card": "", "isapnp_device": ""},
    "ieee1394mapfile": {"ieee1394_device": "0x%08x  0x%06x  0x%06x 0x%06x     0x%06x"},
    "parportmapfile": {"parport_device": "%s"},
    "pnpbiosmapfile": {"pnpbios_device": "%-10s 0x%08x"},
}


def map_text(keyword: str, modules: Sequence[tuple[str, Tables, tuple[str, ...]]]) -> str:
    """Return the text of a map, from the name, the tables and the generic strings of each module.

    >>> tables = {"pci_device": ((0x10b7, 0x5900, 0xffffffff, 0xffffffff, 0, 0, 0),)}
    >>> print(map_text("pcimapfile", [("3c59x", tables, ())]).split("\\n")[1])
    3c59x                0x000010b7 0x00005900 0xffffffff 0xffffffff 0x00000000 0x00000000 0x00000000
    """
    lines = [MAPS[keyword]]
    for name, tables, strings in modules:
        if keyword == "generic_stringfile":
            lines += [f"{name:<20} {text}" for text in strings]
        for kind, form in _FORMATS.get(keyword, {}).items():
            lines += [f"{name:<20} {_entry(kind, form, row)}" for row in tables.get(kind, ())]
    return "\n".join(lines) + "\n"


def _entry(kind: str, form: str, row: tuple[int | bytes, ...]) -> str:
    if kind == "isapnp_card":
        rest = [pair for pair in zip(row[3::2], row[4::2], strict=True) if any(pair)]
        row = (row[1], row[2], row[0], *[number for pair in rest for number in pair])
    elif kind == "isapnp_device":
        row = (row[0], row[1], row[4], row[2], row[3])
    if kind.startswith("isapnp"):
        form = "0x%04x     0x%04x     0x%08x " + " 0x%04x     0x%04x    " * ((len(row) - 3) // 2)
    texts = [v.rstrip(b"\0").decode("utf-8", "replace") if isinstance(v, bytes) else v for v in row]
    return (form % tuple(texts[: form.count("%")])).rstrip()
