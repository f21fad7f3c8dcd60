"""Ten thousand mutated configuration files: each gives facts and problems, in bounded time and memory; no error."""

from __future__ import annotations

import random
import resource
import time
from pathlib import Path

from lkm.config import cmdline, depmod, modprobe
from lkm.config.settings import assemble
from lkm.report.config import config_text
from lkm.system.configfiles import modprobe_files

SEEDS = tuple(
    text.encode()
    for text in (
        '# comment\nalias net-pf-* ipv6\nblacklist a-b\noptions snd-hda index=0 \\\n  model="x y"\n',
        "install x /sbin/modprobe --ignore-install x $CMDLINE_OPTS && true\nremove x rmmod y\n",
        "softdep a pre: b c-d post: e\nweakdep f g h\nalias pci:v*d[0-9A-F]sv* m\r\ninclude z\n",
        "search updates extra built-in external\noverride kmod 6[.]1.* extra\nexternal * /opt/m\nexclude old\n",
        "override m ^(6|5)[.]([0-9]+)[.][[:digit:]]{1,3}(-[a-z]+)*$ x\nmake_map_files no\n",
        'quiet ro root=/dev/sda1 snd.index=1 "m.dyndbg=file a.c +p" m.x="y z" modprobe.blacklist=a-b,c -- q.r\n',
    )
)
SPLICES = (
    b"\0",
    b"\\",
    b"\\\n",
    b"\n",
    b"\r\n",
    b'"',
    b"[",
    b"]",
    b"[:",
    b"(",
    b")*",
    b"{9,}",
    b" ",
    b"\t",
    b"\xff\xfe",
    b"=",
    b".",
)


def mutate(chance: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(5):
            case 0:
                out[at:at] = chance.choice(SPLICES)
            case 1:
                del out[at : at + chance.randint(1, 20)]
            case 2:
                out[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                out[at:at] = chance.choice(SEEDS)[chance.randrange(40) :]
            case _:
                out[at:at] = out[chance.randrange(len(out) + 1) :][:60] * chance.randint(1, 5)
    return bytes(out[:20_000])


def read_all(text: str) -> None:
    settings = assemble([("x.conf", text)], text)
    assert config_text(settings).count("\n") >= sum(len(kind) for kind in settings._values()[:-1])
    found = depmod.assemble_depmod([("x.conf", text)])
    found.override_paths("6.1.0-56-amd64")
    found.external_directories("6.1.0-56-amd64")
    for problem in (*settings.problems, *found.problems):
        assert str(problem) and problem.hint and problem.column >= 1


def test_ten_thousand_mutated_files() -> None:
    chance = random.Random(20_240_229)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worst = 0.0
    for _ in range(10_000):
        data = mutate(chance, chance.choice(SEEDS))
        start = time.process_time()
        read_all(data.decode("utf-8", "surrogateescape"))
        worst = max(worst, time.process_time() - start)
    assert worst < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_very_long_lines_and_very_many() -> None:
    start = time.process_time()
    for text in (
        "options m " + "a=1 " * 250_000,
        "alias " + "[a]" * 300_000 + " m",
        "softdep m pre: " + "a " * 300_000,
        "blacklist a\n" * 20_000,
        "\\\n" * 300_000 + "blacklist a",
        "x" * 1_000_000,
        '"' * 1_000_001 + "a.b",
        "\0" * 1_000_000,
    ):
        modprobe.parse(text, "x")
        cmdline.parse(text)
        depmod.parse(text, "x")
    assert time.process_time() - start < 20


def test_random_bytes_as_files(tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(50):
        (tmp_path / f"{number}.conf").write_bytes(chance.randbytes(chance.randrange(3000)))
    found = modprobe_files("", (str(tmp_path),))
    assert len(found) == 50
    assemble(found, "")
