"""Reading in parts, and replacing files as a set."""

from __future__ import annotations

import errno
import gzip
import lzma
import os
from pathlib import Path

import pytest

from lkm.errors import FormatError, MachineError
from lkm.system.files import make_directory, map_bytes, open_source, read_bytes, read_text


def test_a_source_reads_where_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "x.ko").write_bytes(b"abcdef")
    with open_source(str(tmp_path / "x.ko")) as source:
        assert (source.size, source.read(2, 3), source.read(6, 0)) == (6, b"cde", b"")
        for offset, length in ((4, 3), (-1, 1), (0, -1), (7, 0)):
            with pytest.raises(FormatError, match="ends at byte 6"):
                source.read(offset, length)


def test_a_file_that_shrinks_while_it_is_read_is_a_format_error(tmp_path: Path) -> None:
    path = tmp_path / "x.ko"
    path.write_bytes(b"abcdef")
    with open_source(str(path)) as source:
        os.truncate(path, 2)
        with pytest.raises(FormatError, match="ends at byte 2"):
            source.read(1, 5)
        assert source.read(0, 6) == b"abcdef"  # was read to see what file it is


def test_compressed_files_are_decompressed(tmp_path: Path) -> None:
    path = tmp_path / "x.ko.gz"
    path.write_bytes(gzip.compress(b"abcdef"))
    with open_source(str(path)) as source:
        assert (source.name, source.read(1, 2)) == (str(path), b"bc")
    path.write_bytes(b"\x1f\x8bxx")
    with pytest.raises(FormatError), open_source(str(path)):
        pass


def test_what_the_system_refuses_has_errno_and_path(tmp_path: Path) -> None:
    missing = str(tmp_path / "no")
    for read in (read_bytes, read_text, map_bytes, lambda path: open_source(path).__enter__()):
        with pytest.raises(MachineError) as caught:
            read(missing)
        assert (caught.value.errno, caught.value.where) == (errno.ENOENT, missing)
        assert str(caught.value) == f"{missing}: No such file or directory"


def test_an_empty_file_can_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(b"")
    assert map_bytes(str(tmp_path / "e")) == b""


def test_directories_are_made_where_missing(tmp_path: Path) -> None:
    make_directory(str(tmp_path / "a/b"))
    make_directory(str(tmp_path / "a/b"))
    (tmp_path / "f").write_text("")
    with pytest.raises(MachineError, match="Not a directory"):
        make_directory(str(tmp_path / "f/x"))


def test_a_device_without_an_end_is_refused_and_a_pipe_is_read() -> None:
    with pytest.raises(MachineError) as caught:
        read_bytes("/dev/zero")
    assert caught.value.errno == errno.EFBIG
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb") as writer:
        writer.write(b"x" * 10000)
    assert read_bytes(f"/dev/fd/{ours}") == b"x" * 10000
    os.close(ours)


@pytest.mark.parametrize("name", ["x.ko", "x.ko.xz"])
def test_what_a_file_holds_decides_not_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for data in (b"module", gzip.compress(b"module"), lzma.compress(b"module")):
        path.write_bytes(data)
        with open_source(str(path)) as source:
            assert source.read(0, source.size) == b"module"
