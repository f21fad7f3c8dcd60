"""Which kmod the tests compare with: Debian 12 has 30, Debian 13 has 34."""

from __future__ import annotations

import functools
import subprocess

from lkm.index.trie import Trie


@functools.cache
def kmod_version() -> int:
    """Return the whole number of kmod's version."""
    said = subprocess.run(["/sbin/modprobe", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.removeprefix("kmod version ").split()[0].partition(".")[0])


def same_file(name: str, ours: bytes | None, theirs: bytes | None) -> bool:
    """Tell whether an index file is kmod's.

    kmod 34 writes the nodes of a binary index parents first, 30 children first as we do: the bytes are others, but
    as many, and what is read from them is the same.
    """
    if not name.endswith(".bin") or not ours or not theirs or kmod_version() < 34:
        return ours == theirs
    return len(ours) == len(theirs) and list(Trie(ours).items()) == list(Trie(theirs).items())
