"""The configuration that a kernel was built with, from where it is to be had without reading an image."""

from __future__ import annotations

import os

from lkm.errors import LkmError
from lkm.system.files import read_bytes


def running() -> dict[str, str]:
    """Return the configuration of the running kernel (CONFIG_NAME → value), {} where nothing tells it."""
    return of_release("", os.uname().release, ("/proc/config.gz",))


def of_release(root: str, release: str, first: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the configuration of a kernel release below a root: the first file that can be read tells it."""
    base = root.rstrip("/")
    places = (f"{base}/boot/config-{release}", f"{base}/lib/modules/{release}/config")
    for path in (*first, *places, f"{base}/usr/lib/modules/{release}/config"):
        try:
            data = read_bytes(path)
            if data[:2] == b"\x1f\x8b":
                from lkm.formats.compression import decompress

                data = decompress(data, "gz", path)
        except LkmError:
            continue
        return parse(data.decode("utf-8", "replace"))
    return {}


def parse(text: str) -> dict[str, str]:
    """Return CONFIG_NAME → value of a configuration's text; what is not set is not there.

    >>> parse("CONFIG_TUN=m\\n# CONFIG_X25 is not set\\n")
    {'CONFIG_TUN': 'm'}
    """
    return dict(line.split("=", 1) for line in text.splitlines() if line.startswith("CONFIG_") and "=" in line)
