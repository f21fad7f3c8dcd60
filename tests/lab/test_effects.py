"""Effects of loads in real kernels equal what /proc, /sys and /dev show when they are read by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from tests.support.kernels import LKM, debian
from tests.support.schema import check

pytestmark = pytest.mark.lab

#: What is done → the modules that came or went, the verdict on the last of them.
CASES = {
    "modprobe msdos": (["fat", "msdos"], "serves"),
    "modprobe md4": (["md4"], "serves"),
    "modprobe appletalk": (["llc", "psnap", "appletalk"], "serves"),
    "modprobe dummy numdummies=2": (["dummy"], "serves"),
    "modprobe tun": (["tun"], "serves"),
    "modprobe ppp_generic": (["slhc", "ppp_generic"], "serves"),
    "modprobe loop max_loop=3": (["loop"], "serves"),
    "modprobe slip": (["slip"], "serves"),
    "modprobe tcp_vegas": (["tcp_vegas"], "serves"),
    "modprobe raid1": (["md_mod", "raid1"], "serves"),
    "modprobe ip_tables": (["x_tables", "ip_tables"], "serves"),
    "modprobe xt_mark": (["xt_mark"], "serves"),
    "modprobe tipc": (["udp_tunnel", "ip6_udp_tunnel", "crc_ccitt", "ipv6", "tipc"], "serves"),
    "modprobe veth": (["veth"], "asked"),
    "modprobe virtio_balloon": (["virtio_balloon"], "no-device"),
    "modprobe i2c-stub": (["i2c_core"], "serves"),  # its init fails; what it needs stays in
    "insmod /run/proprietary.ko": ([], ""),  # is refused, and taints the kernel
    "rmmod loop": (["loop"], "gone"),
    "rmmod appletalk psnap llc": (["appletalk", "psnap", "llc"], "gone"),
    "true": ([], ""),
}
#: What is looked at by hand: each line begins with the file that it is of, or is the path of what it stands for.
HANDS = """{
    awk '{print FILENAME, $0}' /proc/devices /proc/filesystems /proc/net/protocols /proc/net/ptype /proc/crypto \\
        /proc/misc /proc/tty/ldiscs /proc/sys/kernel/tainted
    for file in /proc/net/ip*_tables_*; do [ -e $file ] && sort -u $file | sed "s|^|$file |"; done
    tr -s ' ' '\\n' </proc/sys/net/ipv4/tcp_available_congestion_control | sed 's/^/congestion /'
    [ -e /proc/mdstat ] && head -1 /proc/mdstat | tr ' ' '\\n' | grep -F '[' | tr -d '[]' | sed 's/^/raid /'
    genl ctrl list | awk '/^Name:/ {{print "genl", $2}}'
    ls -d /sys/class/* /sys/class/net/* /sys/bus/* /sys/bus/*/drivers/*
    find /sys/module/*/parameters -type f -perm -400 # what can be read: others have no value
    find /dev -type c -o -type b
    dmesg | sed 's/^[^]]*] /log /'
} """
KINDS = ("char", "block", "filesystem", "protocol", "packet", "crypto", "misc", "netdev", "class", "bus")
MORE_KINDS = (
    *("driver", "node", "ldisc", "parameter", "taint", "genl", "congestion", "raid"),
    *("xt-match", "xt-target", "xt-table"),
)
SCRIPT = """
sed 's/license=GPL/license=XXX/' /lib/modules/$(uname -r)/kernel/fs/fat/fat.ko >/run/proprietary.ko
{hands} >/run/before
while read -r command; do
    {lkm} effects --json -- $command 2>/dev/null </dev/null
    {hands} >/run/after
    diff /run/before /run/after | grep '^[<>]'
    mv /run/after /run/before
done <{commands}
"""


def by_hand(line: str) -> tuple[str, str] | None:
    """Return kind and name of the thing that a line listed by hand stands for, as effects call it."""
    place, _, text = line.partition(" ")
    words = text.split()
    if place == "/proc/devices":
        return ("major", " ".join(words))
    if place in ("/proc/filesystems", "/proc/net/protocols", "/proc/tty/ldiscs"):
        kind = place.rpartition("/")[2].removesuffix("s")
        return (kind, words[-1 if kind == "filesystem" else 0])
    if place in ("congestion", "raid", "genl"):
        return (place, text)
    if "_tables_" in place:
        family, _, what = place.rpartition("/")[2].split("_")
        return ({"matches": "xt-match", "targets": "xt-target", "names": "xt-table"}[what], f"{family} {text}")
    if place == "/proc/net/ptype":  # type, function, module
        return ("packet", " ".join(words[:2]))
    if place == "/proc/crypto":
        return ("crypto", words[2]) if words[:1] == ["driver"] else None
    if place == "/proc/misc":
        return ("misc", " ".join(words))
    if place == "/proc/sys/kernel/tainted":  # bit 0 is P: a proprietary module
        return ("taint", "P") if text == "1" else None
    if place.startswith("/dev/"):
        return ("node", place)
    parts = place.split("/")[2:]
    if parts[:2] == ["class", "net"] and len(parts) == 3:
        return ("netdev", parts[2])
    if parts[0] == "module":
        return ("parameter", f"{parts[1]}.{parts[3]}")
    if parts[0] == "bus" and len(parts) == 4:
        return ("driver", f"{parts[1]}/{parts[3]}")
    return (parts[0], parts[1])


def reported(effects: dict[str, Any]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return what came and what went, of the kinds that are looked at by hand."""
    changes = [*effects["others"], *[change for module in effects["modules"] for change in module["changes"]]]
    came: set[tuple[str, str]] = set()
    went: set[tuple[str, str]] = set()
    for change in changes:
        kind = "major" if change["kind"] in ("char", "block") else change["kind"]
        if kind in KINDS + MORE_KINDS or kind == "major":
            (came if change["change"] == "appeared" else went).add((kind, change["name"]))
    return came, went


def test_effects_are_what_is_seen_by_hand(tmp_path: Path) -> None:
    (tmp_path / "commands").write_text("".join([f"{command}\n" for command in CASES]))
    script = SCRIPT.format(hands=HANDS, lkm=LKM, commands=tmp_path / "commands")
    out = lab.run(["sh", "-c", script]).stdout.decode()
    parts = [f"{{{part}" for part in out.split('{"schema"')[1:]]
    assert len(parts) == len(CASES), out
    for (command, (modules, code)), part in zip(CASES.items(), parts, strict=True):
        answer, *diffs = part.replace("{:", '{"schema":', 1).splitlines()
        effects = check(answer)["effects"]
        assert [module["module"] for module in effects["modules"]] == modules, command
        assert not modules or effects["modules"][-1]["verdict"]["code"] == code, command
        seen: dict[str, set[tuple[str, str]]] = {"<": set(), ">": set()}
        said = []
        for line in diffs:
            if line[2:].startswith("log "):
                said.append(line[6:])
            elif (thing := by_hand(line[2:])) is not None:
                seen[line[0]].add(thing)
        assert reported(effects) == (seen[">"], seen["<"]), (command, part)
        assert effects["log"] == said, (command, part)
        if "appletalk" in command:
            owners = {m["module"]: {change["kind"] for change in m["changes"]} for m in effects["modules"]}
            assert {"protocol", "packet"} <= owners["appletalk"] and "packet" in owners["llc"], part


def test_load_and_unload_tell_in_brief_as_the_page_says() -> None:
    script = f"""
        {LKM} load fuse; {LKM} load virtio_balloon; {LKM} unload fuse; echo
        {LKM} load i2c-stub 2>&1 | tail -n 2; echo; {LKM} effects -- modprobe tun; echo
        {LKM} load msdos; {LKM} load dummy numdummies=1; {LKM} load i2c-stub
        {LKM} unload -q tun; {LKM} load --no-effects minix; {LKM} unload msdos; {LKM} unload --json dummy
    """
    result = lab.run(["sh", "-c", script])
    brief, left, whole, rest = result.stdout.decode().split("\n\n")
    page = (Path(__file__).parents[2] / "docs/effects.md").read_text()
    blocks = [block.splitlines()[1:] for block in page.split("```")[1::2]]
    assert brief.splitlines() == [line for line in blocks[0] if not line.startswith("$")]
    assert left.splitlines() == [line for line in blocks[1] if not line.startswith("$")]
    assert whole.splitlines() == [line for line in blocks[2] if not line.startswith("$")]
    *lines, answer = rest.splitlines()
    assert lines == [
        *("loaded fat: needed by msdos", "loaded msdos", "  msdos: serves file system msdos"),
        *("loaded dummy", "  dummy: serves network interface dummy0", "loaded i2c_core: needed by i2c_stub"),
        *("loaded minix", "removed msdos", "removed fat: was needed by msdos"),
        "  msdos: out, and with it file system msdos",
    ]
    (dummy,) = json.loads(answer)["requests"][0]["effects"]["modules"]
    assert dummy["verdict"]["text"] == "out, and with it network interface dummy0"


@pytest.mark.sweep
def test_devices_that_are_driven() -> None:
    """Debian's kernel under QEMU has devices: a mouse port, a speaker, a bridge with an SMBus, which takes ports."""
    script = f"""
        for m in psmouse pcspkr virtio_rng; do {LKM} effects --json -- modprobe $m; done
        cp /proc/ioports /run/ports; {LKM} effects --json -- modprobe i2c_piix4
        readlink /sys/bus/serio/devices/serio1/driver /sys/bus/pci/devices/0000:00:01.3/driver
        diff /run/ports /proc/ioports | grep '^>'
    """
    out = debian("sh", "-c", script).stdout.decode().splitlines()
    answers, (mouse, bridge), ports = out[:4], out[4:6], out[6:]
    modules = [check(answer)["effects"]["modules"][-1] for answer in answers]
    verdicts = [module["verdict"] for module in modules]
    assert [verdict["code"] for verdict in verdicts] == ["drives", "drives", "no-device", "drives"]
    names = [[f"{device['bus']}/{device['name']}" for device in verdict["devices"]] for verdict in verdicts]
    assert names == [["serio/serio1"], ["platform/pcspkr"], [], ["pci/0000:00:01.3"]]
    assert mouse.endswith(f"/{verdicts[0]['devices'][0]['driver']}")
    assert bridge.endswith(f"/{verdicts[3]['devices'][0]['driver']}")
    assert {device["modalias"] for device in verdicts[2]["others"]} == {"virtio:d00000009v00001AF4"}
    taken = [change["name"] for change in modules[3]["changes"] if change["kind"] == "ioport"]
    assert taken and taken == [line[1:].strip().replace(" : ", " ") for line in ports]
