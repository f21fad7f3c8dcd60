"""The kernel asks for modules over and over: a request runs in a circle, or too many run at once.

Kernels ask modprobe for a module when a program wants something that one could bring. When modprobe itself, or an
install command, needs that very thing (its own program's format, say), each request makes another. Until 4.13 the
kernel logged ``request_module: runaway loop modprobe NAME`` (2.4: ``kmod: runaway modprobe loop assumed and
stopped``) and gave up; today it lets 50 run at once, logs ``kmod_concurrent_max (50) close to 0 (max_modprobes: 50),
for module NAME, throttling...``, and ``modprobe NAME cannot be processed, kmod busy with 50 threads for more than 5
seconds now``. Who asked gets ENOMEM or ETIME.

Remedy: see which name it is and what modprobe does for it; a program of another architecture (``binfmt-464c``) in
place of modprobe or the shell is the classic cause.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "request-loop"
ERRNOS = ("",)
CALLS = ("", "finit_module", "init_module", "lookup", "command")
REMEDIES = (
    Remedy("see which program the kernel asks", "cat /proc/sys/kernel/modprobe"),
    Remedy("see which modules the name means", "lkm modprobe --show-alias {name}"),
    Remedy("see what the configuration does with them", "lkm modprobe --show-config --origin"),
)
_LOOPS = ("request_module: runaway loop modprobe ", "kmod: runaway modprobe loop assumed and stopped")
_BUSY = (("request_module: kmod_concurrent_max (", "for module "), ("request_module: modprobe ", "modprobe "))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for the first line that tells of it."""
    for line in evidence.attempt.log:
        looped = line.startswith(_LOOPS)
        mark = next((mark for start, mark in _BUSY if line.startswith(start)), "")
        if not looped and not mark:
            continue
        name = line.rpartition("modprobe ")[2] if line.startswith(_LOOPS[0]) else ""
        if mark:
            name = (between([line], mark, ",") or between([line], mark, " ") or [""])[0]
            name = name.split(" ", 1)[0]
        asked = f" for {name}" if name else ""
        yield Finding(
            CODE,
            f"the kernel's requests{asked} run in a circle"
            if looped
            else f"too many of the kernel's requests{asked} run at once",
            CERTAIN if looped else LIKELY,
            "",
            (Fact(line, "kernel log"),),
            "what modprobe itself needs must not need modprobe",
            "kernel/module/kmod.c: __request_module",
            tuple([remedy.filled(name=name) for remedy in REMEDIES]),
        )
        return
