"""Mutated module files: each gives facts or our error, in little time and memory, and nothing else.

Seeds are small real modules of both trees and written ones of every class and byte order, signed and compressed.
The mutations are drawn from a seeded generator, so that a failure is repeatable; its number is in the message.
"""

from __future__ import annotations

import functools
import random
import resource
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.scan import scan
from tests.support.elfwriter import Export, build_module
from tests.support.signatures import signed, trailer
from tests.support.trees import compressor, debian_modules, uml_modules

COUNT = 10_000
SLOWEST = 2.0  # seconds that one file may take
MEMORY = 256 << 20


def written() -> list[bytes]:
    """Return one module of each class, byte order, layout and kind of relocation, and signed ones."""
    parts = {
        "modinfo": [
            ("license", "GPL"),
            ("parm", "a:A"),
            ("parmtype", "a:int"),
            ("vermagic", "6.1"),
            ("import_ns", "N"),
        ],
        "exports": [Export("f", crc=5), Export("g", True, "NS", 6), Export("h", True, "", 7)],
        "needs": ["printk", "memcpy"],
        "weak": ["perhaps"],
        "versions": {"module_layout": 1, "printk": 2},
        "long_versions": {"printk": 2, "x" * 70: 3},
        "build_id": bytes(20),
    }
    out = []
    for bits in (64, 32):
        for order in "<>":
            for relative in (True, False):
                out.append(build_module(bits=bits, order=order, relative=relative, rela=relative, **parts))  # type: ignore[arg-type]
    return [*out, signed(out[0]), out[1] + b"NameKEYSIG" + trailer(1, 3, digest=4, name=4, key=3)]


@functools.cache
def seeds() -> tuple[bytes, ...]:
    """Return the files to mutate: written, real, and compressed ones."""
    plain = written()
    for root, release in (uml_modules(), debian_modules()):
        paths = sorted((root / "lib/modules" / release).rglob("*.ko"), key=lambda path: (path.stat().st_size, path))
        plain += [path.read_bytes() for path in paths[:200:20]]
    packed = [compressor(kind)(data) for data in (plain[0], plain[-1]) for kind in ("gz", "xz", "zst")]
    return (*plain, *packed)


INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, 1 << 63, (1 << 64) - 1)


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Change a file in one to six places: mostly where its structure is, in the headers and the tables."""
    out = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        kind = draw.randrange(8)
        at = _place(out, draw)
        if kind <= 2:
            size = draw.choice((1, 2, 4, 8))
            value = draw.choice((*INTERESTING, len(out), len(out) - at, draw.getrandbits(64)))
            out[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, draw.choice(("little", "big")))
        elif kind == 3:
            out[at : at + 1] = bytes([draw.randrange(256)])
        elif kind == 4:
            del out[at:]
        elif kind == 5:
            del out[at : at + draw.randint(1, 64)]
        elif kind == 6:
            start = _place(out, draw)
            out[at:at] = out[start : start + draw.randint(1, 200)]
        else:
            length = draw.randint(1, 64)
            start = _place(out, draw)
            out[at : at + length] = out[start : start + length]
        if not out:
            break
    return bytes(out)


def _place(data: bytearray, draw: random.Random) -> int:
    """Return a place in the file header, the section headers, the last bytes, or anywhere."""
    where = draw.randrange(4)
    if where == 0:
        return draw.randrange(min(len(data), 64) + 1)
    if where == 1 and len(data) >= 48 and data[4] == 2:
        table: int = struct.unpack_from("<Q" if data[5] == 1 else ">Q", data, 40)[0]
        return min(len(data), table + draw.randrange(64 * 30))
    if where == 2:
        return max(0, len(data) - draw.randrange(1, 300))
    return draw.randrange(len(data) + 1)


def digest(data: bytes) -> str:
    """Read a file in every way there is; return "facts" or "error"."""
    verdict = "facts"
    for read_it in (read, functools.partial(scan, crcs=True), scan):
        try:
            read_it(BytesSource(decompress(data, kind_of(data), "x.ko"), "x.ko"))
        except FormatError as error:
            assert error.what
            assert error.where == "x.ko"
            verdict = "error"
    return verdict


def storm(first: int, count: int) -> dict[str, int]:
    """Digest so many mutated files; return how many gave what. Raises AssertionError naming the one that failed."""
    tally = {"facts": 0, "error": 0}
    files = seeds()
    for number in range(first, first + count):
        draw = random.Random(number)
        data = mutate(draw.choice(files), draw)
        start = time.process_time()
        try:
            tally[digest(data)] += 1
        except BaseException as error:
            raise AssertionError(f"mutation {number}: {type(error).__name__}: {error}") from error
        if time.process_time() - start >= SLOWEST:  # a busy machine can make a first try of a millisecond that long
            start = time.process_time()
            digest(data)
            assert time.process_time() - start < SLOWEST, f"mutation {number} took long"
    return tally


def test_ten_thousand_mutated_files() -> None:
    # In a process of its own, whose address space cannot grow by more than the limit: beyond it is MemoryError.
    code = f"from tests.fuzz.test_module_files import limited; limited({COUNT})"
    here = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    facts, errors = map(int, done.stdout.split())
    assert facts + errors == COUNT
    # Mutations that are nearly all refused, or nearly all harmless, would test little.
    assert facts > COUNT // 20
    assert errors > COUNT // 5


def limited(count: int) -> None:
    """Run the storm below a limit of memory; print the tally."""
    seeds()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    tally = storm(0, count)
    sys.stdout.write(f"{tally['facts']} {tally['error']}\n")


@pytest.mark.sweep
def test_a_million_mutated_files() -> None:
    tally = storm(COUNT, 1_000_000)
    sys.stdout.write(f"{tally}\n")


@given(st.binary(max_size=400), st.sampled_from(range(4)))
@settings(max_examples=300, deadline=None)
def test_any_bytes_behind_a_good_ident(tail: bytes, variant: int) -> None:
    ident = b"\x7fELF" + bytes([1 + variant % 2, 1 + variant // 2, 1]) + bytes(9)
    digest(ident + tail)
    digest(tail)


def hostile_names() -> bytes:
    """100,000 undefined symbols whose names are the ends of one long string."""
    count = 100_000
    table = b"".join(struct.pack("<IBBHQQ", 1 + at, 0x10, 0, 0, 0, 0) for at in range(count))
    strings = b"\0" + b"x" * 500_000 + b"\0"
    return _resized(build_module(), {b".symtab": table, b".strtab": strings})


def hostile_section_names() -> bytes:
    """A table of section names that is nothing but ``.modinfo``, many times."""
    return _resized(build_module(), {b".shstrtab": b"\0" + b".modinfo\0" * 500_000})


def hostile_modinfo() -> bytes:
    """A ``.modinfo`` of a hundred million bytes."""
    return _resized(build_module(), {b".modinfo": bytes(100_000_000)})


def hostile_relocations() -> bytes:
    """Many relocation sections that share their contents."""
    data = build_module(exports=["f"])
    at, count, rows = _table(data)
    target = next(row[7] for row in rows if row[1] == 4)
    big = len(data) + 64
    extra = struct.pack("<IIQQQQIIQQ", 0, 4, 0, 0, big, 24 * 10_000, 0, target, 1, 24) * 60_000
    body = data + bytes(64) + struct.pack("<QQq", 0, 1 << 32, 0) * 10_000
    table = data[at : at + 64 * count] + extra
    header = body[:40] + struct.pack("<Q", len(body)) + body[48:60] + struct.pack("<H", count + 60_000) + body[62:]
    return header + table


def _table(data: bytes) -> tuple[int, int, list[tuple[int, ...]]]:
    at = struct.unpack_from("<Q", data, 40)[0]
    count = struct.unpack_from("<H", data, 60)[0]
    return at, count, [struct.unpack_from("<IIQQQQIIQQ", data, at + 64 * i) for i in range(count)]


def _resized(data: bytes, contents: dict[bytes, bytes]) -> bytes:
    """Put other contents, of any size, behind the file's own for the named sections."""
    at, count, rows = _table(data)
    names = rows[-1][4]
    out = bytearray(data)
    tail = b""
    for index in range(count):
        start = names + rows[index][0]
        title = data[start : data.index(b"\0", start)]
        if title in contents:
            place = at + 64 * index
            struct.pack_into("<QQ", out, place + 24, len(data) + len(tail), len(contents[title]))
            if title == b".symtab":
                struct.pack_into("<I", out, place + 44, 1)
            tail += contents[title]
    return bytes(out) + tail


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (hostile_names, "symbols with more than 67108864 bytes of names"),
        (hostile_section_names, ""),
        (hostile_modinfo, ".modinfo of 100000000 bytes"),
        (hostile_relocations, "more than 8388608 bytes of relocations"),
    ],
)
def test_files_made_to_cost_much(make: Callable[[], bytes], says: str) -> None:
    data = make()
    if says:
        with pytest.raises(FormatError, match=says):
            read(BytesSource(data, "x.ko"))
    tracemalloc.start()
    start = time.process_time()
    try:
        digest(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
    assert time.process_time() - start < 20
