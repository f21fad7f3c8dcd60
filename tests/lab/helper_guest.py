"""In the lab: what programs do that makes a kernel ask for modules. Prints what came of each, a word and a number."""

from __future__ import annotations

import os
import socket
import struct
import subprocess


def tell(what: str, number: int) -> None:
    print(what, number, flush=True)


def sockets() -> None:
    """Ask for a family that is a module, for one that nobody has, and for a cipher."""
    for family in (socket.AF_APPLETALK, 27):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
            tell("socket", 0)
        except OSError as error:
            tell("socket", error.errno or 0)
    with socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET) as cipher:
        cipher.bind(("skcipher", "cbc(twofish)"))
    tell("cipher", 0)


def devices() -> None:
    os.mknod("/run/tun", 0o20600, os.makedev(10, 200))
    for path, number in (("/run/tun", 10 << 8 | 200), ("/run/none", 211 << 8)):
        if not os.path.exists(path):
            os.mknod(path, 0o20600, os.makedev(number >> 8, number & 255))
        try:
            os.close(os.open(path, os.O_RDWR))
            tell("device", 0)
        except OSError as error:
            tell("device", error.errno or 0)


def interface(name: str) -> None:
    """Ask for the index of a network interface that is not there (SIOCGIFINDEX): a name that users choose."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket, 0x8933, struct.pack("16s16x", name.encode()))
        except OSError as error:
            tell("interface", error.errno or 0)


def main() -> None:
    sockets()
    devices()
    tell("mount", subprocess.run(["mount", "-t", "minix", "none", "/mnt"], stderr=subprocess.DEVNULL).returncode)
    tell("link", subprocess.run(["ip", "link", "add", "type", "dummy"]).returncode)
    interface("-rf")


if __name__ == "__main__":
    main()
