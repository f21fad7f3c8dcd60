"""Devices of a machine as /sys/bus shows them, and the hardware ids by which modules know them.

>>> matching(("pci:v00008086d*", "fs-x"), (Device("pci", "0000:00:03.0", "pci:v00008086d000010D3sv0"),))[0].name
'0000:00:03.0'
"""

from __future__ import annotations

from lkm.record import Record
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: What aliases with a colon may begin with that are no ids of hardware.
_NO_BUS = ("devname:", "fs-", "symbol:")
#: Buses and classes whose modaliases ask for modules, and bind no driver.
UNBOUND = ("cpu", "dmi", "input")


class Driver(Record):
    """A driver of a bus; ``module`` is "" for one of the kernel itself."""

    bus: str
    name: str
    module: str = ""


class Device(Record):
    """A device on a bus: its name there, its modalias ("": it has none), the driver bound to it ("": none) and that
    driver's module. ``path`` is its directory in /sys. For what is in UNBOUND ``bus`` may be a class.
    """

    bus: str
    name: str
    modalias: str = ""
    driver: str = ""
    module: str = ""
    path: str = ""


def hardware_ids(aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the aliases that are patterns for the modalias of devices: those with a bus and a colon before all else.

    (scripts/mod/file2alias.c) ``acpi`` and ``dmi`` may have a star where others have the colon.

    >>> hardware_ids(["pci:v*", "fs-msdos", "acpi*:PNP0C0A:*", "net-pf-5", "of:N*T*Cx", "crypto-a"])
    ('pci:v*', 'acpi*:PNP0C0A:*', 'of:N*T*Cx')
    """
    found = []
    for alias in aliases:
        bus, colon, _ = alias.partition(":")
        if alias.startswith(_NO_BUS):
            continue
        if colon and bus.rstrip("*").replace("_", "").replace("-", "").isalnum():
            found.append(alias)
    return tuple(found)


def matching(aliases: Iterable[str], devices: Iterable[Device]) -> tuple[Device, ...]:
    """Return the devices with an id that one of the aliases fits, in their order."""
    by_bus: dict[str, list[str]] = {}
    for alias in hardware_ids(aliases):
        by_bus.setdefault(_prefix(alias), []).append(alias)
    return tuple(
        [
            device
            for device in devices
            if device.modalias
            and any(matches(pattern, device.modalias) for pattern in by_bus.get(_prefix(device.modalias), ()))
        ]
    )


def prefixes(aliases: Iterable[str]) -> tuple[str, ...]:
    """Return what the hardware ids among aliases begin with: the kinds of modalias they are for, sorted."""
    return tuple(sorted({_prefix(alias) for alias in hardware_ids(aliases)}))


def _prefix(alias: str) -> str:
    return alias.partition(":")[0].rstrip("*")
