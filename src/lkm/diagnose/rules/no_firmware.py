"""Firmware that the module asks for is not there.

A device gets a program from a file below /lib/firmware. The module loads all the same, and mostly so does without
the device, or with less of it; it logs ``Direct firmware load for NAME failed with error -2``. Many modules name
more files than any one device wants.

Remedy: install the firmware package of the distribution.
"""

from __future__ import annotations

from lkm.diagnose.finding import LIKELY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "no-firmware"
ERRNOS = ("",)
_SHOWN = 4


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when files are missing that ``firmware=`` names."""
    missing = evidence.no_firmware
    if not missing:
        return
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    where = f"{evidence.file.path}: .modinfo" if evidence.file else ""
    yield Finding(
        CODE,
        f"firmware is missing: {', '.join(missing[:_SHOWN])}{more}",
        LIKELY,
        "",
        tuple([Fact(f"firmware={name}", where) for name in missing[:_SHOWN]]),
        "the driver asks for it when it meets such a device",
        "drivers/base/firmware_loader/main.c",
        (Remedy("install the firmware that belongs to the device", "apt-get install firmware-linux"),),
    )
