"""The module found no device that it can drive.

Its init function answered ENODEV. Drivers of buses (PCI, USB) load without their devices; those that look for
hardware themselves (platform, ISA, watchdogs, CPU features) refuse. Which devices a module knows stands in its
aliases; each device says in /sys what it is (modalias), and which driver it has.

Remedy: see whether the hardware is there and which ids the module knows; one that knows none may want parameters.
"""

from __future__ import annotations

from lkm.diagnose.finding import LIKELY, Fact, Finding, Remedy
from lkm.diagnose.words import count, some
from lkm.state.devices import UNBOUND
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lkm.diagnose.evidence import Evidence
    from lkm.state.devices import Device

CODE = "no-device"
ERRNOS = ("ENODEV", "ENXIO")
_IDS = Remedy("see which ids it knows", "lkm modinfo -F alias {path}")
_DEVICES = Remedy("see which devices there are", "grep -rs . /sys/devices --include modalias")
_PARAMETERS = Remedy("see which parameters it takes: one may say where to look", "lkm modinfo -p {path}")
REMEDIES = (_IDS, _DEVICES, _PARAMETERS)
_SHOWN = 3
#: Modaliases of processors, which list all their features, are longer.
_LONG = 120


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when an init function has answered ENODEV or ENXIO."""
    file, attempt = evidence.file, evidence.attempt
    if attempt.errno not in ERRNOS or file is None or file.facts is None:
        return
    ids = [alias for alias in file.facts.values("alias") if ":" in alias]
    what, seen = _compared(ids, evidence.devices)
    shown = f"{count(len(ids), 'id')} of devices: {some(ids, _SHOWN)}" if ids else "no ids of devices"
    remedies = (_IDS, _DEVICES) if ids else (_PARAMETERS,) if file.facts.parameters else ()
    yield Finding(
        CODE,
        what,
        LIKELY,
        attempt.errno,
        (
            Fact(f"{attempt.call}: {attempt.errno}, and no check of the kernel answers so", "system call"),
            Fact(f"it knows {shown}", f"{file.path}: .modinfo"),
            *seen,
            *[Fact(line, "kernel log") for line in attempt.log],
        ),
        "what init returns is the answer",
        "kernel/module/main.c: do_init_module",
        tuple([remedy.filled(path=file.path) for remedy in remedies]),
    )


def _compared(ids: Sequence[str], devices: Sequence[Device] | None) -> tuple[str, list[Fact]]:
    """Return what is wrong, and how the machine's devices compare with what the module wants."""
    none = "its init function found no device that it can drive"
    if not ids:
        return f"{none}; it looks for them by itself", []
    if devices is None:
        return none, [Fact("the devices of this machine are not known", "evidence that is missing")]
    buses = sorted({alias.partition(":")[0] for alias in ids})
    starts = sorted({_vendor(alias) for alias in ids})
    same = [device for device in devices if device.modalias.partition(":")[0] in buses]
    near = [device for device in same if device.modalias.startswith(tuple(starts))]
    fits = [device for device in near if any(matches(alias, device.modalias) for alias in ids)]
    bound = next((device for device in fits if device.driver), None)
    if bound:
        return f"its device has the driver {bound.driver} already", [_seen(bound)]
    if fits:
        return f"{none}, though one has an id that it knows", [_seen(device) for device in fits[:_SHOWN]]
    if not same:
        return f"{none}: this machine has none on {some(buses)}", [Fact(f"no device on {some(buses)}", "/sys/bus")]
    them = some(buses)
    start = f"none of the {len(same)} on {them} has an" if len(same) > 1 else f"the one on {them} has no"
    what = f"{none}: {start} id that it knows"
    kin = [device for device in near if _vendor(device.modalias) in starts and ":v" in device.modalias]
    shown = kin or same
    nearest = Fact(f"{count(len(kin), 'device')} of the same vendor", "/sys/bus")
    return what, [*([nearest] if kin else []), *[_seen(device) for device in shown[:_SHOWN]]]


def _seen(device: Device) -> Fact:
    driver = "" if device.bus in UNBOUND else f", driver {device.driver}" if device.driver else ", no driver"
    modalias = device.modalias
    return Fact((modalias if len(modalias) <= _LONG else f"{modalias[:_LONG]}...") + driver, device.path)


def _vendor(alias: str) -> str:
    """Return an alias up to its vendor, where it begins with one, or up to its first wildcard.

    >>> _vendor("pci:v00008086d00001234sv*sd*bc*sc*i*"), _vendor("usb:v1D6Bp0002d*"), _vendor("platform:x*")
    ('pci:v00008086', 'usb:v1D6B', 'platform:x')
    """
    bus, _, rest = alias.partition(":")
    for char in "*?[":
        rest = rest.partition(char)[0]
    if not rest.startswith("v"):
        return f"{bus}:{rest}"
    digits = rest[1:].lstrip("0123456789ABCDEF")
    return f"{bus}:{rest[: len(rest) - len(digits)]}"
