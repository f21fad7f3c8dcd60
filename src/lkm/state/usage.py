r"""Signs that modules are in use, at one moment: samples; and the network interfaces that rtnetlink tells of.

An answer to RTM_GETLINK is a row of messages (include/uapi/linux/netlink.h: ``nlmsghdr``), each an ``ifinfomsg`` and
attributes; the kind of a virtual interface is IFLA_LINKINFO's IFLA_INFO_KIND, the module is that with the alias
``rtnl-link-KIND`` (include/net/rtnetlink.h: ``MODULE_ALIAS_RTNL_LINK``).

>>> parse_links(link_message(3, "dummy0", "dummy", up=True) + link_message(1, "lo", "", up=True))
(Link(name='dummy0', kind='dummy', up=True), Link(name='lo', kind='', up=True))
"""

from __future__ import annotations

import struct

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_LINK = struct.Struct("=BxHiII")  # family, type, index, flags, change
_ATTRIBUTE = struct.Struct("=HH")
_NEWLINK, _GETLINK, _DONE, _ERROR = 16, 18, 3, 2
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_IFNAME, _LINKINFO, _KIND = 3, 18, 1
_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_UP = 1  # IFF_UP

#: What is sent to have all interfaces told.
GET_LINKS = _HEADER.pack(_HEADER.size + _LINK.size, _GETLINK, _DUMP, 1, 0) + bytes(_LINK.size)


class Link(Record):
    """A network interface. ``kind`` is that of a virtual one (``dummy``, ``vlan``), empty for a device's."""

    name: str
    kind: str
    up: bool


class Sample(Record):
    """What shows that a loaded module is in use, at one moment.

    ``instance`` differs once it was removed and loaded again; ``count`` is the use count (-1: not counted), of which
    each of ``holders``, the modules that use it, is one. ``interfaces`` are network interfaces of it that are up,
    ``devices`` those that its drivers are bound to: neither counts as a use for the kernel. ``live``: neither being
    loaded nor removed.
    """

    module: str
    instance: int = 0
    count: int = 0
    holders: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    live: bool = True
    permanent: bool = False

    @property
    def counted(self) -> int:
        """Return the uses that the kernel counts, other than by modules."""
        return max(0, self.count - len(self.holders))

    @property
    def in_use(self) -> bool:
        """Tell whether it is in use otherwise than by modules."""
        return self.live and bool(self.counted or self.interfaces or self.devices)


def parse_links(data: bytes) -> tuple[Link, ...]:
    """Return the interfaces of a part of an answer; what is cut short or of another type is passed over."""
    found = []
    for kind, body in _messages(data):
        if kind == _NEWLINK and len(body) >= _LINK.size:
            flags = _LINK.unpack_from(body)[3]
            attributes = dict(_attributes(body[_LINK.size :]))
            info = dict(_attributes(attributes.get(_LINKINFO, b"")))
            found.append(Link(_text(attributes.get(_IFNAME, b"")), _text(info.get(_KIND, b"")), bool(flags & _UP)))
    return tuple(found)


def ends_links(data: bytes) -> bool:
    """Tell whether a part of an answer is the last one (or says that there is none)."""
    return not data or any(kind in (_DONE, _ERROR) for kind, _ in _messages(data))


def link_message(index: int, name: str, kind: str, *, up: bool) -> bytes:
    """Return a message as the kernel sends it, for tests and simulated kernels."""
    body = _LINK.pack(0, 1, index, _UP if up else 0, 0) + _attribute(_IFNAME, name.encode() + b"\0")
    if kind:
        body += _attribute(_LINKINFO, _attribute(_KIND, kind.encode() + b"\0"))
    return _HEADER.pack(_HEADER.size + len(body), _NEWLINK, 2, 1, 0) + body


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += _aligned(length)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            return
        yield kind & _TYPE, data[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "surrogateescape")
