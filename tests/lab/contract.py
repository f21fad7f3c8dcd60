"""What every lab kernel must keep to; a kernel's test module derives from :class:`Contract`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import lkm
from lkm.lab import LabResult, run
from tests.support.kernels import LKM, start

ALL_BYTES = bytes(range(1, 256))


class Contract:
    """Derive, and say which kernel: ``kernel()`` for lkm.lab.run, ``open_kernel()`` one that any user can read."""

    #: Seconds that ``lkm lab run -- true`` may take on two idle processors.

    def kernel(self) -> str:
        raise NotImplementedError

    def open_kernel(self, directory: Path) -> str:
        raise NotImplementedError

    def run(self, *command: str | bytes, **options: Any) -> LabResult:
        return run(command, self.kernel(), **options)

    def test_exits_with_the_commands_status(self) -> None:
        result = self.run("sh", "-c", "exit 7")
        assert (result.status, result.end) == (7, "exited"), result.log

    def test_a_command_that_is_not_there_is_127(self) -> None:
        result = self.run("no-such-command")
        assert result.status == 127
        assert b"no-such-command" in result.stderr

    def test_output_comes_byte_by_byte_and_errors_apart(self, tmp_path: Path) -> None:
        data = bytes(range(256)) * 300 + b"\r\n\n\x04\x03\x11\x13end"
        (tmp_path / "data").write_bytes(data)
        result = self.run("sh", "-c", "cat data; printf 'a\\nb' >&2", cwd=tmp_path)
        assert (result.stdout == data, result.stderr) == (True, b"a\nb")

    def test_merged_output_keeps_its_order(self) -> None:
        result = self.run("sh", "-c", "for i in 1 2 3; do echo $i; echo e$i >&2; done", merge=True)
        assert (result.stdout, result.stderr) == (b"1\ne1\n2\ne2\n3\ne3\n", b"")

    def test_arguments_survive(self) -> None:
        words = [b"", b" two  words ", b'it\'s "quoted"', b"line\nline", b"$HOME `id` \\ * ~", b"-n", ALL_BYTES]
        result = self.run("/usr/bin/printf", "%s\\0", *words)
        assert result.stdout.split(b"\0") == [*words, b""]

    def test_runs_as_root_where_the_caller_is_without_input(self, tmp_path: Path) -> None:
        place = tmp_path / "it's a place"
        place.mkdir()
        result = self.run("sh", "-c", "id -u; pwd; cat; readlink /proc/self/fd/0", cwd=place)
        assert result.stdout.decode().splitlines() == ["0", str(place), "/dev/null"]

    def test_sees_this_installation_first(self) -> None:
        result = self.run("sh", "-c", "command -v lkm; lkm --version")
        assert result.stdout.decode().splitlines() == [LKM, f"lkm {lkm.__version__}"]

    def test_is_another_kernel_with_its_own_modules(self) -> None:
        script = """uname -r; ls /lib/modules; cd /lib/modules/*; ls modules.dep.bin; find -name 'msdos.ko*'
            echo >new; ls new"""
        release, *rest = self.run("sh", "-c", script).stdout.decode().splitlines()
        assert release != os.uname().release
        rest[2] = rest[2].removesuffix(".xz")  # since Debian 13
        assert rest == [release, "modules.dep.bin", "./kernel/fs/fat/msdos.ko", "new"]

    def test_what_it_writes_is_gone(self, tmp_path: Path) -> None:
        (tmp_path / "old").write_text("old")
        script = "echo new >old; echo new >new; cat old new; echo >/lib/modules/new"
        assert self.run("sh", "-c", script, cwd=tmp_path).stdout == b"new\nnew\n"
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"old": "old"}
        assert not os.path.exists("/lib/modules/new")

    def test_may_write_one_directory(self, tmp_path: Path) -> None:
        shared = tmp_path / "it's, shared"
        shared.mkdir()
        result = self.run(
            "sh", "-c", 'echo hello >"$1/file"; echo >other', "sh", str(shared), rw=shared, cwd=tmp_path
        )
        assert result.status == 0, result.stderr
        assert (shared / "file").read_text() == "hello\n"
        assert os.listdir(tmp_path) == ["it's, shared"]

    def test_has_the_appended_command_line(self) -> None:
        result = self.run("cat", "/proc/cmdline", append="lkm_test=1 module_blacklist=msdos")
        assert {b"lkm_test=1", b"module_blacklist=msdos"} <= set(result.stdout.split()), result.log

    def test_does_not_wait_for_what_the_command_left_running(self) -> None:
        began = time.monotonic()
        result = self.run("sh", "-c", "sleep 60 & setsid sleep 60 & echo done", timeout=30)
        assert (result.status, result.stdout) == (0, b"done\n")
        assert time.monotonic() - began < 20

    def test_ends_in_time(self) -> None:
        began = time.monotonic()
        result = self.run("sh", "-c", "echo up; sleep 60", timeout=5)
        assert (result.status, result.end, result.stdout) == (124, "timeout", b"up\n")
        assert 5 <= time.monotonic() - began < 20

    def test_a_stuck_reader_does_not_keep_it_alive(self) -> None:
        reading, writing = os.pipe()
        try:
            assert self.run("yes", timeout=5, stdout=writing).status == 124
        finally:
            os.close(reading)
            os.close(writing)

    def test_tells_when_the_kernel_dies_and_shows_its_log(self) -> None:
        result = self.run("sh", "-c", "echo up; echo 1 >/proc/sys/kernel/panic_on_oops; echo c >/proc/sysrq-trigger")
        assert (result.status, result.end, result.stdout) == (125, "died", b"up\n")
        assert "panic" in result.log

    def test_reads_more_files_than_a_process_may_usually_open(self) -> None:
        script = "find /lib/modules/*/kernel/[dfn]* -name '*.ko*' | head -900 | xargs cat | wc -c"
        words = [LKM, "lab", "run", "--kernel", self.kernel(), "--", "sh", "-c", script]
        done = subprocess.run(
            ["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh", *words], capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert int(done.stdout) > 10_000_000

    def test_two_at_once(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda n: self.run("sh", "-c", f"sleep 1; echo {n}; exit {n}"), (3, 4)))
        assert [(r.status, r.stdout) for r in results] == [(3, b"3\n"), (4, b"4\n")]

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
    def test_leaves_nothing_when_it_is_killed(self, number: signal.Signals) -> None:
        with temporary() as directory:
            self.run("true")  # what is made only once is made before
            runner = start(
                self.kernel(), "sh", "-c", "echo up; sleep 60", environment={**os.environ, "TMPDIR": directory}
            )
            with runner:
                assert runner.stdout is not None
                assert runner.stdout.readline() == b"up\n"
                assert os.listdir(directory) and processes_of(directory)
                os.kill(runner.pid, number)
                assert runner.wait(30) == (-9 if number == signal.SIGKILL else 128 + number)
            if number == signal.SIGKILL:  # only then the watchdog is alone
                until(lambda: not os.listdir(directory))
            assert os.listdir(directory) == []
            until(lambda: not processes_of(directory))
            assert processes_of(directory) == []

    def test_runs_as_any_user(self) -> None:
        with temporary() as directory:
            os.chmod(directory, 0o755)
            shutil.copytree(Path(lkm.__file__).parent, f"{directory}/src/lkm")
            own = Path(directory, "own")
            own.mkdir()
            for package in zstd_packages():
                shutil.copytree(package, f"{directory}/src/{package.name}")
            script = "import sys; from lkm.cli.main import main; sys.exit(main(sys.argv))"
            command = [os.path.realpath(sys.executable), "-c", script, "lab", "run"]
            command += ["--kernel", self.open_kernel(Path(directory)), "--", "sh", "-c", "id -u; uname -r; exit 3"]
            if os.geteuid() == 0:
                os.chown(own, 65534, 65534)
                command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", *command]
            # No home, as for a service's user.
            environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{directory}/src", "TMPDIR": str(own)}
            done = subprocess.run(command, cwd="/", env=environment, capture_output=True, check=False)
            assert done.returncode == 3, done.stderr
            assert re.fullmatch(rb"0\n\d.*\n", done.stdout)


@contextlib.contextmanager
def temporary() -> Iterator[str]:
    """Make a directory whose name is short and safe, below /tmp."""
    directory = tempfile.mkdtemp(prefix="lkm-test-", dir="/tmp")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def processes_of(directory: str) -> list[str]:
    """Return the command lines of all processes that have the directory in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            text = entry.read_text(errors="replace")
            if directory in text:
                found.append(text.replace("\0", " "))
    return found


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def zstd_packages() -> tuple[Path, Path]:
    import backports
    import zstandard

    return Path(next(iter(backports.__path__))), Path(next(iter(zstandard.__path__)))
