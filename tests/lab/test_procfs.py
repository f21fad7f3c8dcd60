"""The simulated kernel's files of /proc, made from the facts in a real kernel's, are that kernel's to the byte."""

from __future__ import annotations

import re

import pytest

from lkm import lab
from lkm.modfile.facts import read
from lkm.names import name_from_path
from lkm.report import procfs
from lkm.state.kmsg import parse_kmsg
from lkm.state.modules import parse_modules
from lkm.state.nouns import KernelState
from lkm.system.files import open_source
from lkm.system.tree import find_modules_dir, list_modules
from tests.support.trees import uml_modules

pytestmark = pytest.mark.lab

FILES = ("modules", "devices", "misc", "filesystems", "net/dev", "interrupts", "sys/kernel/modprobe")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    script = "for m in loop dummy msdos; do lkm modprobe $m; done; lkm modprobe dummy; ip link add d0 type dummy;"
    script += "for m in cdrom i2c-core gf128mul; do lkm modprobe $m; done; grep '\\[' /proc/kallsyms; printf '\\0';"
    script += "".join([f"cat /proc/{name}; printf '\\0';" for name in FILES])
    script += "dd if=/dev/kmsg iflag=nonblock bs=8192 2>/dev/null; printf '\\0'; dmesg; printf '\\0'"
    result = lab.run(["sh", "-c", script])
    assert result.status == 0
    return dict(zip(("kallsyms", *FILES, "kmsg", "dmesg"), result.stdout.decode().split("\0"), strict=False))


def test_kallsyms(texts: dict[str, str]) -> None:
    """Letters of exported code, which are large for what is exported to all."""
    root, release = uml_modules()
    real = {line.split(" ", 2)[2]: line.split()[1] for line in texts["kallsyms"].splitlines()}
    seen = {"T": 0, "t": 0}
    for path in list_modules(find_modules_dir(str(root), release)):
        name = name_from_path(path)
        if name not in ("fat", "cdrom", "i2c_core", "gf128mul"):
            continue
        with open_source(path) as source:
            exports = read(source)[0].exports
        for line in procfs.kallsyms([(e.name, name, e.gpl_only) for e in exports]).splitlines():
            _, letter, rest = line.split(" ", 2)
            if rest not in real:  # data, which a kernel without CONFIG_KALLSYMS_ALL leaves out
                continue
            assert real[rest].isupper() == letter.isupper(), rest
            seen[letter] += 1
    assert min(seen.values()) > 10


def numbered(text: str) -> list[tuple[int, str]]:
    return [(int(number), name) for number, name in re.findall(r"^ *(\d+) (.+)$", text, re.M)]


def test_modules(texts: dict[str, str]) -> None:
    assert "msdos" in texts["modules"]
    state = KernelState(parse_modules(texts["modules"])[0])
    assert procfs.modules(state) == texts["modules"]


def test_devices_and_misc(texts: dict[str, str]) -> None:
    char, block = [numbered(part) for part in texts["devices"].split("\nBlock")]
    assert (7, "loop") in block and (5, "/dev/console") in char
    assert procfs.devices(char, block) == texts["devices"]
    minors = numbered(texts["misc"])
    assert (237, "loop-control") in minors
    assert procfs.misc(minors[::-1]) == texts["misc"]


def test_filesystems(texts: dict[str, str]) -> None:
    rows = [line.split("\t") for line in texts["filesystems"].splitlines()]
    assert ["", "msdos"] in rows and ["nodev", "proc"] in rows
    assert procfs.filesystems([(name, bool(nodev)) for nodev, name in rows]) == texts["filesystems"]


def test_interfaces(texts: dict[str, str]) -> None:
    names = [line.split(":")[0].strip() for line in texts["net/dev"].splitlines()[2:]]
    assert "lo" in names
    assert procfs.net_dev(names) == texts["net/dev"]


def test_interrupts(texts: dict[str, str]) -> None:
    """Each line apart, as each has its chip; counts are not foretold."""
    head, *lines = texts["interrupts"].splitlines(keepends=True)
    assert lines
    assert procfs.interrupts([]) == head
    for line in lines:
        number, count, chip, name = line.split(maxsplit=3)
        ours = procfs.interrupts([(int(number[:-1]), name.strip())], chip).splitlines(keepends=True)[1]
        assert ours == line.replace(f"{count:>10}", f"{0:>10}", 1)


def test_log(texts: dict[str, str]) -> None:
    records, problems = parse_kmsg(texts["kmsg"])
    assert len(records) > 50 and not problems
    assert procfs.log(records) == texts["dmesg"]


def test_the_helper(texts: dict[str, str]) -> None:
    assert texts["sys/kernel/modprobe"] == "/sbin/modprobe\n"
