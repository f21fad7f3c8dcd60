"""Devices and drivers of /sys/bus: which device has which modalias, which driver is bound to it, whose that is."""

from __future__ import annotations

import os

from lkm.kernel.texts import link_name, names, text
from lkm.state.devices import Device, Driver

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
    """Return all devices that are on a bus, with their modalias where they have one."""
    found = []
    for bus, name, driver, module in bound(drivers(sys), sys):
        path = f"{sys}/bus/{bus}/devices/{name}"
        found.append(Device(bus, name, text(f"{path}/modalias").rstrip("\n"), driver, module, os.path.realpath(path)))
    return tuple(found)
