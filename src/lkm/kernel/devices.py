"""Devices and drivers of /sys/bus: which device has which modalias, which driver is bound to it, whose that is.

And what has a modalias for which modules are loaded, though no driver is bound by it: processors, input devices, the
firmware's name of the machine (drivers/base/cpu.c, drivers/input/input.c, drivers/firmware/dmi-id.c).
"""

from __future__ import annotations

import os

from lkm.kernel.texts import link_name, names, text
from lkm.state.devices import UNBOUND, Device, Driver
from lkm.state.uevent import modalias_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def drivers(sys: str = "/sys") -> tuple[Driver, ...]:
    """Return the drivers of all buses, by bus and name."""
    return tuple(
        [
            Driver(bus, name, link_name(f"{sys}/bus/{bus}/drivers/{name}/module"))
            for bus in names(f"{sys}/bus")
            for name in names(f"{sys}/bus/{bus}/drivers")
        ]
    )


def bound(known: Iterable[Driver], sys: str = "/sys") -> Iterator[tuple[str, str, str, str]]:
    """Yield (bus, device, driver or "", the driver's module or "") of all devices that are on a bus."""
    modules = {(driver.bus, driver.name): driver.module for driver in known}
    for bus in names(f"{sys}/bus"):
        for name in names(f"{sys}/bus/{bus}/devices"):
            driver = link_name(f"{sys}/bus/{bus}/devices/{name}/driver")
            yield bus, name, driver, modules.get((bus, driver), "")


def devices(sys: str = "/sys") -> tuple[Device, ...]:
    """Return all devices that are on a bus, with their modalias where they have one; then those of UNBOUND.

    Of processors with one modalias the first stands for all.
    """
    found = []
    for bus, name, driver, module in bound(drivers(sys), sys):
        if bus not in UNBOUND:
            path = f"{sys}/bus/{bus}/devices/{name}"
            modalias = text(f"{path}/modalias").rstrip("\n")
            found.append(Device(bus, name, modalias, driver, module, os.path.realpath(path)))
    alike: dict[tuple[str, str], Device] = {}
    for kind in UNBOUND:
        for place in (f"{sys}/bus/{kind}/devices", f"{sys}/class/{kind}"):
            for name in names(place):
                path = os.path.realpath(f"{place}/{name}")
                modalias = text(f"{path}/modalias").rstrip("\n") or modalias_of(text(f"{path}/uevent"))
                if modalias:
                    key = (modalias, "" if kind == "cpu" else name)
                    alike.setdefault(key, Device(kind, name, modalias, "", "", path))
    return (*found, *alike.values())
