r"""The families of generic Netlink, as the kernel's controller lists them (net/netlink/genetlink.c).

A request to list all (``CTRL_CMD_GETFAMILY`` with ``NLM_F_DUMP``) changes nothing and loads nothing. Numbers are in
the machine's byte order; each message and attribute starts at a multiple of four.

>>> from struct import pack
>>> attribute = pack("=HH8s", 12, 2, b"nl80211\0")
>>> message = pack("=IHHIIBBH", 20 + len(attribute), 16, 2, 1, 0, 1, 2, 0) + attribute
>>> families(message + END)
(('nl80211',), True)
"""

from __future__ import annotations

import struct

_HEADER = struct.Struct("=IHHII")
_GENERIC = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_CONTROLLER, _GET_FAMILY, _FAMILY_NAME = 0x10, 3, 2
_ERROR, _DONE = 2, 3
_REQUEST_DUMP = 0x301
#: What asks for all families, and what ends the answer.
REQUEST = _HEADER.pack(_HEADER.size + _GENERIC.size, _CONTROLLER, _REQUEST_DUMP, 1, 0) + _GENERIC.pack(
    _GET_FAMILY, 1, 0
)
END = _HEADER.pack(_HEADER.size, _DONE, 2, 1, 0)


def families(data: bytes) -> tuple[tuple[str, ...], bool]:
    """Return the names in what was received, and whether the answer ends with it. What is malformed ends it too."""
    names: list[str] = []
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind, _, _, _ = _HEADER.unpack_from(data, at)
        if size < _HEADER.size or at + size > len(data) or kind in (_ERROR, _DONE):
            return tuple(names), True
        if kind == _CONTROLLER:
            names += _names(data[at + _HEADER.size + _GENERIC.size : at + size])
        at += _aligned(size)
    return tuple(names), not data


def _names(attributes: bytes) -> list[str]:
    found = []
    at = 0
    while at + _ATTRIBUTE.size <= len(attributes):
        size, kind = _ATTRIBUTE.unpack_from(attributes, at)
        if size < _ATTRIBUTE.size:
            break
        if kind == _FAMILY_NAME:
            value = attributes[at + _ATTRIBUTE.size : at + size]
            found.append(value.split(b"\0")[0].decode("utf-8", "surrogateescape"))
        at += _aligned(size)
    return found


def _aligned(size: int) -> int:
    return (size + 3) & ~3
