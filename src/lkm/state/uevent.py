r"""Uevents: what the kernel tells of devices, over netlink and in the ``uevent`` files of /sys.

A message is ``ACTION@DEVPATH``, a NUL, and ``KEY=VALUE`` texts with a NUL after each (lib/kobject_uevent.c:
``uevent_net_broadcast_untagged``). A file has the same texts, a line each (drivers/base/core.c: ``uevent_show``).

>>> event = parse_message(b"add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0MODALIAS=pci:v1d2\0SEQNUM=7\0")
>>> event.action, event.modalias, event.sequence
('add', 'pci:v1d2', 7)
>>> modalias_of("DRIVER=e1000\nMODALIAS=pci:v1\n")
'pci:v1'
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.record import Record


class Uevent(Record):
    """One event. ``modalias`` is "" where it has none, ``sequence`` the kernel's number of it, or -1."""

    action: str
    devpath: str
    modalias: str = ""
    sequence: int = -1


def parse_message(data: bytes) -> Uevent:
    """Return the event of a netlink message of the kernel; raises FormatError for anything else.

    The kernel's own ACTION and DEVPATH must agree with the head, so that a cut message is not taken for a whole one.
    """
    head, *texts = data.decode("utf-8", "surrogateescape").split("\0")
    action, at, devpath = head.partition("@")
    if not at or not action or not devpath.startswith("/"):
        raise FormatError(f"no uevent starts with {head[:40]!r}")
    if not texts or texts[-1]:
        raise FormatError("the uevent's end is missing")
    fields = {key: value for key, _, value in [text.partition("=") for text in texts[:-1]]}
    if fields.get("ACTION") != action or fields.get("DEVPATH") != devpath:
        raise FormatError(f"the uevent's fields do not agree with its head {head[:80]!r}")
    number = fields.get("SEQNUM", "")
    sequence = int(number) if number.isascii() and number.isdigit() and len(number) < 21 else -1
    return Uevent(action, devpath, fields.get("MODALIAS", ""), sequence)


def modalias_of(text: str) -> str:
    """Return the MODALIAS of the text of a ``uevent`` file, or ""."""
    for line in text.split("\n"):
        if line.startswith("MODALIAS="):
            return line[len("MODALIAS=") :]
    return ""
