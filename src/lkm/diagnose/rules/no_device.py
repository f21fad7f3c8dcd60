"""The module found no device that it can drive.

Its init function answered ENODEV. Drivers of buses (PCI, USB) load without their devices; those that look for
hardware themselves (platform, ISA, watchdogs, CPU features) refuse.

Remedy: see whether the hardware is there and which ids the module knows.
"""

from __future__ import annotations

from lkm.diagnose.finding import LIKELY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "no-device"
ERRNOS = ("ENODEV", "ENXIO")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when an init function has answered ENODEV or ENXIO."""
    file, attempt = evidence.file, evidence.attempt
    if attempt.errno not in ERRNOS or file is None or file.facts is None:
        return
    ids = file.facts.values("alias")
    yield Finding(
        CODE,
        "its init function found no device that it can drive",
        LIKELY,
        attempt.errno,
        (
            Fact(f"{attempt.call}: {attempt.errno}, and no check of the kernel answers so", "system call"),
            Fact(f"{len(ids)} aliases of devices", f"{file.path}: .modinfo"),
            *[Fact(line, "kernel log") for line in attempt.log],
        ),
        "what init returns is the answer",
        "kernel/module/main.c: do_init_module",
        (
            Remedy("see which ids it knows", f"lkm modinfo -F alias {file.path}"),
            Remedy("see which devices there are", "grep . /sys/bus/*/devices/*/modalias"),
        ),
    )
