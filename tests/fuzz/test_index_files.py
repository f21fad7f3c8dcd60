"""Mutated index files: each question gives answers or a FormatError; no hang, no other exception, little memory."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable
from functools import partial

from lkm.errors import FormatError
from lkm.index.lookup import ModuleIndex
from lkm.index.texts import (
    parse_aliases,
    parse_builtin_modinfo,
    parse_dep,
    parse_devname,
    parse_directives,
    parse_paths,
)
from lkm.index.trie import Trie
from lkm.index.triewriter import value_block, write_trie

NAMES = ["fat", "msdos", "vfat", "snd_hda_intel", "snd", "nls_cp437", "e1000e"]
KEYS = [
    "pci:v00008086d*sv*",
    "pci:v00008086d00001533sv*",
    "usb:v*p*d[0-9]*",
    "fs_msdos",
    "fs_*",
    "of:N*T*Cfoo",
    "q?x",
    "",
]
ASKED = [b"", b"*", b"fs_msdos", b"pci:v00008086d00001533sv00", b"usb:v1p2d3x", b"of:NaTbCfoo", b"snd", b"x" * 300]
TEXTS = {
    "modules.dep": "kernel/fat.ko:\nkernel/msdos.ko: kernel/fat.ko\n",
    "modules.alias": "# Aliases\nalias fs-msdos msdos\nalias a b c\n",
    "modules.softdep": "softdep ext4 pre: crc32c\nweakdep a b\n",
    "modules.devname": "fuse fuse c10:229\nloop loop-control c10:237\n",
    "modules.order": "kernel/fat.ko\nkernel/msdos.ko\n",
    "modules.builtin.modinfo": "8250.alias=char-major-4-*\08250.license=GPL\0",
}
PARSERS: dict[str, Callable[[str, str], object]] = {
    "modules.dep": parse_dep,
    "modules.alias": parse_aliases,
    "modules.softdep": parse_directives,
    "modules.devname": parse_devname,
    "modules.order": parse_paths,
    "modules.builtin.modinfo": parse_builtin_modinfo,
}


def seeds() -> dict[str, bytes]:
    dep = {
        name.encode(): value_block([(i, b"kernel/%s.ko: kernel/fat.ko" % name.encode())])
        for i, name in enumerate(NAMES)
    }
    alias = {key.encode(): value_block([(i, b"m%d" % i), (9, b"z")]) for i, key in enumerate(KEYS)}
    return {
        "modules.dep.bin": write_trie(dep),
        "modules.alias.bin": write_trie(alias),
        "modules.builtin.bin": write_trie({}),
        **{name: text.encode() for name, text in TEXTS.items()},
    }


def mutated(draw: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 4, 16])):
        at = draw.randrange(len(out) + 1)
        kind = draw.randrange(6)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << draw.randrange(8)
        elif kind == 1 and at < len(out):
            out[at] = draw.choice([0, 1, 0x20, 0x2A, 0x3A, 0x7F, 0x80, 0xFF])
        elif kind == 2:
            del out[at:]
        elif kind == 3:
            del out[at : at + draw.randrange(1, 9)]
        elif kind == 4:
            out[at:at] = out[draw.randrange(len(out) + 1) :][: draw.randrange(1, 40)]
        elif len(out) >= 16:  # a word that looks like the address of a node of this file
            at = draw.randrange(len(out) // 4) * 4
            word = draw.choice([0x80, 0x40, 0x20, 0xE0, 0x60, 0]) << 24 | draw.randrange(len(out))
            out[at : at + 4] = word.to_bytes(4, "big")
    return bytes(out)


def ask_everything(name: str, data: bytes) -> int:
    """Ask a file all there is to ask; return how many questions were answered."""
    if name in PARSERS:
        PARSERS[name](data.decode("utf-8", "surrogateescape"), name)
        return 1
    answered = 0
    questions: list[Callable[[], object]] = [partial(search, data, key) for key in ASKED]
    questions += [partial(search_wild, data, key) for key in ASKED]
    index = ModuleIndex("/m", lambda wanted: data if wanted == name else None)
    questions += [
        lambda: list(Trie(data).items()),
        lambda: list(index.all_modules()),
        lambda: list(index.dump_aliases()),
        lambda: index.dependencies("msdos"),
        lambda: index.builtin_modinfo("8250"),
    ]
    for question in questions:
        try:
            question()
            answered += 1
        except FormatError:
            pass
    return answered


def search(data: bytes, key: bytes) -> object:
    return Trie(data).search(key)


def search_wild(data: bytes, key: bytes) -> object:
    return Trie(data).search_wild(key)


def test_10000_mutated_index_files() -> None:
    draw = random.Random(20)
    files = list(seeds().items())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slowest = 0.0
    answered = 0
    for _ in range(10_000):
        name, data = draw.choice(files)
        broken = mutated(draw, data)
        start = time.perf_counter()
        answered += ask_everything(name, broken)
        slowest = max(slowest, time.perf_counter() - start)
    assert answered > 10_000
    assert slowest < 2.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_nodes_that_share_all_below_them_do_not_multiply() -> None:
    # 30 nodes, each with 64 children that are all the next node: 64**30 ways down.
    data = bytearray(b"\xb0\x07\xf4\x57\0\2\0\1\0\0\0\0")
    address = 0x40000000 | len(data)
    data += value_block([(0, b"leaf")])
    for _ in range(30):
        here = 0x20000000 | len(data)
        data += b"\x20\x5f" + address.to_bytes(4, "big") * 64
        address = here
    data[8:12] = address.to_bytes(4, "big")
    start = time.perf_counter()
    assert ask_everything("modules.alias.bin", bytes(data)) > 0
    assert time.perf_counter() - start < 5
