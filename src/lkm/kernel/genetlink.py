"""Asking the running kernel for the families of generic Netlink."""

from __future__ import annotations

from lkm.state.genetlink import REQUEST, families

_GENERIC = 16  # linux/netlink.h: NETLINK_GENERIC
_LONGEST = 1 << 16
_SECONDS = 2.0


def generic_families() -> tuple[str, ...]:
    """Return the names of the families, none where the kernel cannot be asked (no network, a sandbox)."""
    import socket

    names: list[str] = []
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _GENERIC) as asking:
            asking.settimeout(_SECONDS)
            asking.send(REQUEST)
            ended = False
            while not ended:
                found, ended = families(asking.recv(_LONGEST))
                names += found
    except OSError:
        return ()
    return tuple(names)
