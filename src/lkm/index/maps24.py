"""The maps that depmod of modutils 2.4 wrote beside modules.dep: which module drives which device."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.modfile.object24 import Object24

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


def map_text(keyword: str, modules: Sequence[tuple[str, Object24]]) -> str:
    """Return the text of a map."""
    return MAPS[keyword] + "\n"
