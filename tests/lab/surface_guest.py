"""In the lab: do what ``lkm surface`` foretells, way by way, as nobody; what does the kernel ask for?

Arguments: the path of lkm, and how many ways of each kind are tried (0: all). Prints a JSON object: ``ways`` that are
foretold; ``open``, those tried, with the aliases that the helper was called with meanwhile (``asked``), and the
modules that it loaded for each; and the same with the ways closed.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import pty
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

NOBODY = 65534
#: Families that other kinds of ways stand on.
BASES = ("net-pf-10", "net-pf-24", "net-pf-29", "net-pf-38", "net-pf-16-proto-6", "net-pf-16-proto-12")
HISTORY = "/var/lib/lkm/history.jsonl"
NEWNS, NEWUSER, NEWNET = 0x00020000, 0x10000000, 0x40000000
REQUEST, ACK, CREATE = 1, 4, 0x400
NEWLINK, NEWROUTE, NEWQDISC, NEWTFILTER = 16, 24, 36, 44
ROUTE, SOCK_DIAG, NETFILTER, GENERIC = 0, 4, 12, 16
libc = ctypes.CDLL(None, use_errno=True)


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def nested(kind: int, *parts: bytes) -> bytes:
    return attribute(kind | 0x8000, b"".join(parts))


def text(kind: int, word: str) -> bytes:
    return attribute(kind, word.encode() + b"\0")


def message(kind: int, body: bytes, flags: int = REQUEST | ACK | CREATE) -> bytes:
    return struct.pack("IHHII", 16 + len(body), kind, flags, 1, 0) + body


def send(protocol: int, *messages: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as netlink:
        netlink.settimeout(5)
        netlink.send(b"".join(messages))
        netlink.recv(65536)


def namespace() -> None:
    """Be root in a user namespace of our own, with a network and mounts."""
    if libc.unshare(NEWUSER | NEWNS | NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    with open("/proc/self/setgroups", "w") as file:
        file.write("deny")
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(f"0 {NOBODY} 1")


def sockets(family: int, protocol: int) -> None:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        with suppress(OSError):
            socket.socket(family, kind, protocol).close()


def numbers(asks: str) -> list[int]:
    return [int(word) for word in re.findall(r"\d+", asks)]


def algorithm(asks: str) -> None:
    kind, name = asks.split("-", 1)
    for each in (name,) if kind == "algif" else ("skcipher", "hash", "aead", "rng"):
        with suppress(OSError), socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET) as any_socket:
            any_socket.bind((each, "none" if kind == "algif" else name))


def generic(asks: str) -> None:
    name = asks.partition("-family-")[2]
    send(GENERIC, message(16, struct.pack("BBH", 3, 1, 0) + text(2, name)))  # CTRL_CMD_GETFAMILY


def diag(asks: str) -> None:
    family, protocol = [*numbers(asks)[2:], 0][:2]
    send(SOCK_DIAG, message(20, struct.pack("BBBxI", family, protocol, 0, 0) + bytes(48)))


def ioctl(asks: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, {"8021q": 0x8983, "bridge": 0x89A0}[asks], bytes(64))


def ldisc(asks: str) -> None:
    _, slave = pty.openpty()
    fcntl.ioctl(slave, 0x5423, struct.pack("i", numbers(asks)[0]))  # TIOCSETD


def mount(asks: str) -> None:
    namespace()
    libc.mount(b"none", b"/tmp", asks.removeprefix("fs-").encode(), 0, None)


def link(asks: str) -> None:
    namespace()
    info = nested(18, text(1, asks.removeprefix("rtnl-link-")))  # IFLA_LINKINFO, IFLA_INFO_KIND
    send(ROUTE, message(NEWLINK, bytes(16) + info))


def route(asks: str) -> None:
    namespace()
    body = struct.pack("BBBBBBBBI", 2, 32, 0, 0, 254, 4, 0, 1, 0)
    send(ROUTE, message(NEWROUTE, body + attribute(1, b"\x0a\0\0\1") + attribute(21, struct.pack("H", 1))))


def xfrm(asks: str) -> None:
    namespace()
    family, protocol = numbers(asks)
    one, two = ("10.0.0.1", "10.0.0.2") if family == 2 else ("fd00::1", "fd00::2")
    how = {
        50: "proto esp spi 1 mode transport enc cbc(aes) 0x00112233445566778899aabbccddeeff",
        51: "proto ah spi 1 mode transport auth hmac(sha1) 0x0011223344556677889900112233445566778899",
        108: "proto comp spi 1 mode transport comp deflate",
        43: "proto route2 mode ro coa fd00::3",
        60: "proto hao mode ro coa fd00::3",
    }[protocol]
    subprocess.run(["ip", "xfrm", "state", "add", "src", one, "dst", two, *how.split()], capture_output=True)


def netfilter(asks: str) -> None:
    namespace()
    if asks.startswith("nfnetlink-subsys-"):
        send(NETFILTER, message(numbers(asks)[0] << 8 | 99, bytes(4)))
    elif asks.startswith("ip_set_"):
        kind = asks.removeprefix("ip_set_")
        bits = attribute(1, b"\7") + text(2, "s") + text(3, kind) + attribute(4, b"\0") + attribute(5, b"\2")
        send(NETFILTER, message(6 << 8 | 2, struct.pack("BBH", 2, 0, 0) + bits + nested(7)))
    else:
        nftables(asks)


def nftables(asks: str) -> None:
    """Make a table and a chain, with what asks for the module: an expression, an object, a match or a target."""
    for number in (2, 7):  # kernels may have nftables for IPv4, for bridges, or both
        send(NETFILTER, *rule(asks, number))


def rule(asks: str, family: int) -> list[bytes]:
    def part(kind: int, *bits: bytes) -> bytes:
        return message(10 << 8 | kind, struct.pack("BBH", family, 0, 0) + b"".join(bits))

    begin = message(16, struct.pack(">BBH", 0, 0, 10), REQUEST)
    end = message(17, struct.pack(">BBH", 0, 0, 10), REQUEST)
    table, chain = part(0, text(1, "t")), part(3, text(1, "t"), text(3, "c"))
    if asks.startswith("nft-obj-"):
        number = struct.pack(">I", numbers(asks)[0])
        last = part(18, text(1, "t"), text(2, "o"), attribute(3, number), nested(4))
    else:
        name, bits = asks.removeprefix("nft-expr-").rpartition("-")[2], b""
        if "t_" in asks[:5]:  # ebt_NAME: by the expressions of xtables, an upper case one is a target
            one = asks.partition("_")[2]
            name = "target" if one.isupper() else "match"
            bits = text(1, one) + attribute(2, bytes(4)) + attribute(3, bytes(8))
        last = part(6, text(1, "t"), text(2, "c"), nested(4, nested(1, text(1, name), nested(2, bits))))
    return [begin, table, chain, last, end]


def queueing(asks: str) -> None:
    namespace()
    kind, name = asks.split("_", 1)
    if kind in ("act", "cls"):
        ingress = struct.pack("BxxxiIII", 0, 1, 0xFFFF0000, 0xFFFFFFF1, 0) + text(1, "ingress")
        send(ROUTE, message(NEWQDISC, ingress))
        body = struct.pack("BxxxiIII", 0, 1, 0, 0xFFFF0000, 1 << 16 | 0x0300)
        action = nested(2, nested(2, nested(1, text(1, name))))  # TCA_OPTIONS, TCA_MATCHALL_ACT, the first, its kind
        send(
            ROUTE, message(NEWTFILTER, body + text(1, name) if kind == "cls" else body + text(1, "matchall") + action)
        )
        return
    parent = {"ingress": 0xFFFFFFF1, "clsact": 0xFFFFFFF1}.get(name, 0xFFFFFFFF)
    send(ROUTE, message(NEWQDISC, struct.pack("BxxxiIII", 0, 1, 0, parent, 0) + text(1, name)))


def family(asks: str) -> None:
    sockets(*[*numbers(asks), 0][:2])


def protocol(asks: str) -> None:
    first = {"can": [29], "bt": [31]}.get(asks.partition("-")[0], [])
    sockets(*[*first, *numbers(asks)][:2])


TRIGGERS: dict[str, Callable[[str], None]] = {
    "family": family,
    "protocol": protocol,
    "netlink": family,
    "netlink-family": generic,
    "socket-diag": diag,
    "crypto": algorithm,
    "ioctl": ioctl,
    "ldisc": ldisc,
    "filesystem": mount,
    "link": link,
    "route": route,
    "xfrm": xfrm,
    "netfilter": netfilter,
    "queueing": queueing,
}


def act(asks: str, kind: str, node: str) -> None:
    """Do it as nobody; never returns."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, for the maps of the namespace
    try:
        if node:
            os.open(node, os.O_RDWR | os.O_NONBLOCK)
        else:
            TRIGGERS[kind](asks)
    except (OSError, KeyError):
        pass
    finally:
        os._exit(0)


def asked_since(before: int) -> list[tuple[str, list[str]]]:
    """Return what the helper was asked for after the history had this size, with what it loaded."""
    with open(HISTORY) as history:
        history.seek(before)
        return [(entry["alias"], entry["modules"]) for entry in map(json.loads, history)]


def attempt(asks: str, kind: str, node: str) -> list[tuple[str, list[str]]]:
    """Do it as nobody; return what the kernel asked for."""
    before = os.path.getsize(HISTORY)
    child = os.fork()
    if not child:
        act(asks, kind, node)
    os.waitpid(child, 0)
    return asked_since(before)


def surface(lkm: str, *words: str) -> list[dict[str, Any]]:
    """Return the ways that lkm tells, families first, as they are what others stand on."""
    done = subprocess.run([lkm, "surface", "--json", *words], capture_output=True, check=True)
    found = [
        {**way, "module": reach["module"]} for reach in json.loads(done.stdout)["reached"] for way in reach["ways"]
    ]
    return sorted(found, key=lambda way: (way["kind"] != "family", way["kind"] != "netlink"))


def chosen(ways: list[dict[str, Any]], many: int) -> list[dict[str, Any]]:
    """Return so many ways of each kind (0: all), those that are certain, each to another module; and BASES."""
    count: dict[str, int] = {}
    modules: set[str] = set()
    found = []
    for way in ways:
        kind = way["kind"]
        fits = way["certainty"] == "certain" and way["module"] not in modules
        if not many or (fits and (count.get(kind, 0) < many or way["asks"] in BASES)):
            count[kind] = count.get(kind, 0) + 1
            modules.add(way["module"])
            found.append(way)
    return found


def tried(ways: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**way, "asked": attempt(way["asks"], way["kind"], way["node"] or "")} for way in ways]


def main() -> None:
    """Try ways that are foretold to be open; close them by settings, then by the file that lkm writes; try others."""
    lkm, many = sys.argv[1], int(sys.argv[2])
    os.makedirs("/dev/net", exist_ok=True)
    os.mknod("/dev/net/tun", 0o20666, os.makedev(10, 200))
    os.chmod("/dev/net/tun", 0o666)
    os.makedirs(os.path.dirname(HISTORY), exist_ok=True)
    with open(HISTORY, "w"):
        pass
    ways = surface(lkm, "--all")
    some = chosen(ways, many)
    result = {"ways": ways, "open": tried(some)}
    rest = [way for way in ways if way["module"] not in [one["module"] for one in some]]
    for path in ("user/max_user_namespaces", "dev/tty/ldisc_autoload"):
        with open(f"/proc/sys/{path}", "w") as file:
            file.write("0")
    closed = [way for way in surface(lkm, "--all") if way["closed"]]
    names = [way["asks"] for way in rest]
    result |= {"closed": closed, "shut": tried(chosen([way for way in closed if way["asks"] in names], min(many, 1)))}
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("1000")
    subprocess.run([lkm, "surface", "--write", "/etc/modprobe.d/surface.conf"], check=True, stdout=subprocess.DEVNULL)
    result |= {"forbidden": tried(chosen(rest, min(many, 1)))}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
