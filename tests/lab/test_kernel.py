"""LinuxKernel against a real kernel: outcomes with their log, state, parameters; run by a Python in the guest."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from lkm import lab
from tests.support.foreign import foreign_modules

pytestmark = pytest.mark.lab

PRELUDE = """
import errno, os, sys
from lkm.kernel.interface import Done, Refused
from lkm.kernel.linux import LinuxKernel, release
kernel = LinuxKernel()
fs = f"/lib/modules/{release()}/kernel/fs"
drivers = f"/lib/modules/{release()}/kernel/drivers"
"""


def guest(body: str, tmp_path: Path, kernel: str | Path = "uml", append: str = "") -> None:
    """Run the body in a guest; its assertions are the test's."""
    script = tmp_path / "body.py"
    script.write_text(PRELUDE + textwrap.dedent(body))
    result = lab.run([sys.executable, str(script)], kernel, merge=True, append=append)
    assert result.status == 0, (result.end, result.stdout.decode(), result.log)


def test_a_modules_life(tmp_path: Path) -> None:
    guest(
        """
        outcome = kernel.load(f"{fs}/fat/msdos.ko")
        assert isinstance(outcome, Refused) and outcome.call == "finit_module" and outcome.errno == errno.ENOENT
        assert len(outcome.log) > 15
        assert all(r.text.startswith("msdos: Unknown symbol ") for r in outcome.log)
        assert {r.level for r in outcome.log} == {4}
        assert kernel.load(f"{fs}/fat/fat.ko") == Done("finit_module")
        assert kernel.load(f"{fs}/fat/msdos.ko") == Done("finit_module")
        assert kernel.load(f"{fs}/fat/msdos.ko").errno == errno.EEXIST
        fat = kernel.state().find("fat")
        assert (fat.holders, fat.refcount, fat.state, fat.permanent) == (("msdos",), 1, "Live", False)
        assert kernel.holders("fat") == ("msdos",) and kernel.initstate("fat") == "live"
        assert kernel.unload("fat").errno == errno.EAGAIN
        assert kernel.unload("msdos") == Done("delete_module") and kernel.unload("fat") == Done("delete_module")
        assert kernel.unload("fat").errno == errno.ENOENT
        assert [m.name for m in kernel.state().modules] == ["overlay"]
        """,
        tmp_path,
    )


def test_parameters_and_their_refusal(tmp_path: Path) -> None:
    guest(
        """
        bad = kernel.load(f"{drivers}/net/dummy.ko", "numdummies=abc")
        assert bad.errno == errno.EINVAL
        assert [r.text for r in bad.log] == ["dummy: `abc' invalid for parameter `numdummies'"]
        assert isinstance(kernel.load(f"{drivers}/block/loop.ko", "max_loop=3"), Done)
        assert ("max_loop", "3") in kernel.parameters("loop")
        assert kernel.initstate("printk") == "builtin" and kernel.parameters("printk")
        assert any("loop: module loaded" in r.text for r in kernel.log())
        last = kernel.log()[-1].sequence
        assert [r.sequence for r in kernel.log(last)] == [last]
        """,
        tmp_path,
    )


def test_fall_back_to_memory_and_no_right_to_load(tmp_path: Path) -> None:
    guest(
        """
        from lkm.kernel import syscalls
        real = syscalls.finit_module
        syscalls.finit_module = lambda *_: errno.ENOSYS
        assert kernel.load(f"{fs}/fat/fat.ko", "") == Done("init_module")
        assert kernel.load("/proc/self/exe").call == "init_module"
        syscalls.finit_module = real
        os.setuid(65534)
        assert kernel.unload("fat").errno == errno.EPERM
        assert kernel.load(f"{fs}/fat/msdos.ko").errno == errno.EPERM
        """,
        tmp_path,
    )


def test_texts_of_the_real_kernel_have_no_line_that_is_not_understood(tmp_path: Path) -> None:
    guest(
        """
        from lkm.state.kallsyms import parse_kallsyms
        from lkm.state.modules import parse_modules
        kernel.load(f"{fs}/fat/fat.ko")
        symbols, problems = parse_kallsyms(open("/proc/kallsyms").read())
        assert len(symbols) > 10000 and not problems
        assert "fat_scan" in {s.name for s in symbols if s.module == "fat"}
        modules, problems = parse_modules(kernel.modules_text())
        assert len(modules) == 2 and not problems
        """,
        tmp_path,
    )


@pytest.mark.sweep
def test_a_kernel_that_unpacks_modules_itself(tmp_path: Path) -> None:
    guest(
        """
        import gzip, lzma
        assert kernel.compression() == "xz"
        fat = f"{fs}/fat/fat.ko.xz"
        packed = open(fat, "rb").read()
        plain = lzma.decompress(packed)
        open("/tmp/fat.ko.gz", "wb").write(gzip.compress(plain))
        open("/tmp/fat.ko", "wb").write(plain)
        for path, call in ((fat, "finit_module"), ("/tmp/fat.ko.gz", "init_module"), ("/tmp/fat.ko", "finit_module")):
            assert kernel.load(path) == Done(call), path
            assert kernel.unload("fat") == Done("delete_module")
        open("/tmp/unsigned.ko.xz", "wb").write(lzma.compress(plain + b"x", check=lzma.CHECK_CRC32))
        refused = kernel.load("/tmp/unsigned.ko.xz")
        assert (refused.call, refused.errno) == ("finit_module", errno.EKEYREJECTED), refused
        open("/tmp/cut.ko.xz", "wb").write(packed[:-100])
        refused = kernel.load("/tmp/cut.ko.xz")
        assert isinstance(refused, Refused) and refused.call == "finit_module", refused
        """,
        tmp_path,
        kernel=foreign_modules("trixie")[0],
        append="module.sig_enforce=1",
    )
