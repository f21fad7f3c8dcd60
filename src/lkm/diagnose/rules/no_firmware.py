"""Firmware that the module asks for is not there.

A device gets a program from a file below /lib/firmware. The module loads all the same, and mostly so does without
the device, or with less of it; it logs ``Direct firmware load for NAME failed with error -2``. Some answer ENOENT
from their init function. Many modules name more files than any one device wants.

Remedy: install the firmware package of the distribution.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "no-firmware"
ERRNOS = ("", "ENOENT")
REMEDIES = (
    Remedy("see where the kernel looks besides /lib/firmware", "cat /sys/module/firmware_class/parameters/path"),
    Remedy("install the firmware that belongs to the device", "apt-get install firmware-linux"),
)
_SHOWN = 4


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has missed files, or ``firmware=`` names some that are missing."""
    said = between(evidence.attempt.log, "Direct firmware load for ", " failed with error -2")
    missing = tuple(dict.fromkeys(said)) or evidence.no_firmware
    if not missing:
        return
    where = "kernel log" if said else f"{evidence.file.path}: .modinfo" if evidence.file else ""
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    failed = bool(said) and evidence.attempt.errno == "ENOENT"
    words = "Direct firmware load for {} failed" if said else "firmware={}"
    yield Finding(
        CODE,
        f"firmware is missing: {', '.join(missing[:_SHOWN])}{more}",
        CERTAIN if said and not failed else LIKELY,
        "ENOENT" if failed else "",
        tuple([Fact(words.format(name), where) for name in missing[:_SHOWN]]),
        "the driver asks for it when it meets such a device",
        "drivers/base/firmware_loader/main.c",
        REMEDIES,
    )
