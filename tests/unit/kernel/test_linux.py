from __future__ import annotations

import errno
import lzma
import os
from pathlib import Path

import pytest

from lkm.errors import MachineError
from lkm.kernel import syscalls
from lkm.kernel.interface import COMPRESSED_FILE, IGNORE_VERMAGIC, Done, Kernel, Refused
from lkm.kernel.linux import LinuxKernel, read_cmdline, release
from lkm.kernel.log import Log

IMAGE = b"\x7fELF" + bytes(200)


class Calls:
    """Stands in for the three system calls: notes what they were given and answers as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, finit: int = 0, init: int = 0, delete: int = 0) -> None:
        self.made: list[tuple[object, ...]] = []

        def finit_module(fd: int, parameters: bytes, flags: int) -> int:
            assert not os.get_inheritable(fd)
            self.made.append(("finit", os.pread(fd, 4, 0), parameters, flags))
            return finit

        def init_module(image: bytes, parameters: bytes) -> int:
            self.made.append(("init", image, parameters))
            return init

        def delete_module(name: bytes, flags: int) -> int:
            self.made.append(("delete", name, flags))
            return delete

        monkeypatch.setattr(syscalls, "finit_module", finit_module)
        monkeypatch.setattr(syscalls, "init_module", init_module)
        monkeypatch.setattr(syscalls, "delete_module", delete_module)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    for directory in ("proc", "sys/module/fat/parameters", "sys/module/fat/holders"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "proc/modules").write_bytes(b"f\xe9t 1 0 - Live 0x0\nfat 60806 1 msdos, Live 0x0\n")
    (tmp_path / "proc/version").write_text("Linux")
    (tmp_path / "m.ko").write_bytes(IMAGE)
    return tmp_path


def kernel(machine: Path) -> LinuxKernel:
    return LinuxKernel(f"{machine}/proc", f"{machine}/sys", f"{machine}/kmsg")


def test_it_is_a_kernel(machine: Path) -> None:
    like: Kernel = kernel(machine)
    assert like.log() == ()


def test_loads_by_file(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    outcome = kernel(machine).load(f"{machine}/m.ko", "a=1 b=\udce9", IGNORE_VERMAGIC)
    assert outcome == Done("finit_module")
    assert calls.made == [("finit", b"\x7fELF", b"a=1 b=\xe9", IGNORE_VERMAGIC)]


def test_falls_back_to_memory_only_where_the_call_is_not_there(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch, finit=errno.ENOSYS)
    assert kernel(machine).load(f"{machine}/m.ko", "x") == Done("init_module")
    assert calls.made[1] == ("init", IMAGE, b"x")
    refusing = Calls(monkeypatch, finit=errno.ENOEXEC)
    assert kernel(machine).load(f"{machine}/m.ko") == Refused("finit_module", errno.ENOEXEC)
    assert len(refusing.made) == 1


@pytest.mark.parametrize(("says", "expected"), [("xz\n", "finit"), ("zstd\n", "init"), ("", "init")])
def test_compressed_file_goes_as_it_is_to_a_kernel_that_can(
    machine: Path, monkeypatch: pytest.MonkeyPatch, says: str, expected: str
) -> None:
    if says:
        (machine / "sys/module/compression").write_text(says)
    packed = machine / "m.ko.xz"
    packed.write_bytes(lzma.compress(IMAGE))
    calls = Calls(monkeypatch)
    assert isinstance(kernel(machine).load(str(packed)), Done)
    if expected == "finit":
        assert calls.made == [("finit", b"\xfd7zX", b"", COMPRESSED_FILE)]
    else:
        assert calls.made == [("init", IMAGE, b"")]


def test_broken_compressed_file_is_refused_not_raised(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Calls(monkeypatch)
    packed = machine / "m.ko.xz"
    packed.write_bytes(lzma.compress(IMAGE)[:-20])
    assert kernel(machine).load(str(packed)) == Refused("read", errno.ENOEXEC)


def test_unreadable_files_are_refused_with_the_call_that_failed(machine: Path) -> None:
    assert kernel(machine).load(f"{machine}/nosuch.ko") == Refused("open", errno.ENOENT)
    assert kernel(machine).load(str(machine)) == Refused("read", errno.EISDIR)


def test_unload_does_not_wait_and_forces_only_when_told(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch, delete=errno.EAGAIN)
    assert kernel(machine).unload("fat") == Refused("delete_module", errno.EAGAIN)
    kernel(machine).unload("fat", force=True)
    assert calls.made == [("delete", b"fat", os.O_NONBLOCK), ("delete", b"fat", os.O_NONBLOCK | os.O_TRUNC)]


def test_state_parameters_holders(machine: Path) -> None:
    (machine / "sys/module/fat/parameters/b").write_text("two\n\n")
    (machine / "sys/module/fat/parameters/a").write_text("1\n")
    (machine / "sys/module/fat/holders/msdos").mkdir()
    (machine / "sys/module/fat/initstate").write_text("live\n")
    (machine / "sys/module/printk").mkdir()
    (machine / "proc/cmdline").write_text("quiet fat.x=1\n")
    this = kernel(machine)
    assert [m.name for m in this.state().modules] == ["f\udce9t", "fat"]
    assert this.parameters("fat") == (("a", "1"), ("b", "two\n"))
    assert this.parameters("nosuch") == ()
    assert this.holders("fat") == ("msdos",)
    assert [this.initstate(name) for name in ("fat", "printk", "nosuch")] == ["live", "builtin", ""]
    assert this.cmdline() == "quiet fat.x=1\n"
    assert not this.modules_disabled()


def test_kernel_without_modules_is_named_so_with_a_way_out(machine: Path) -> None:
    (machine / "proc/modules").unlink()
    with pytest.raises(MachineError, match="without loadable modules") as caught:
        kernel(machine).state()
    assert "lkm lab run" in caught.value.hint and caught.value.errno == errno.ENOENT
    (machine / "proc/version").unlink()
    with pytest.raises(MachineError, match="/proc is not mounted"):
        kernel(machine).state()


def test_the_running_kernel_tells_release_and_command_line() -> None:
    assert release() == os.uname().release
    assert read_cmdline() == Path("/proc/cmdline").read_text()


def test_attempts_carry_what_the_kernel_said_meanwhile_but_not_what_programs_said(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = [b"4,7,1,-;msdos: Unknown symbol x (err -2)\n", b"12,8,1,-;systemd: hello\n"]
    monkeypatch.setattr(Log, "_next", lambda self: reads.pop(0) if reads else b"")
    Calls(monkeypatch, finit=errno.ENOENT)
    outcome = kernel(machine).load(f"{machine}/m.ko")
    assert [(r.sequence, r.text) for r in outcome.log] == [(7, "msdos: Unknown symbol x (err -2)")]
