"""Defects of kmod that we mended: what kmod does beside what we do. The list of docs/modprobe.md."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lkm.cli.main import main
from tests.support.modprobe import call, fake_kernel, fake_sys, kmod_answers, linked_tree, our_answer
from tests.support.trees import uml_modules

pytestmark = pytest.mark.oracle


class Both:
    """Calls both tools with a configuration and a kernel command line."""

    def __init__(self, place: Path) -> None:
        self.place = place
        root, self.release = uml_modules()
        self.root = linked_tree(root, self.release, place / "root")

    def __call__(self, *arguments: str, config: str = "", cmdline: str = "") -> tuple[list[str], list[str]]:
        """Return kmod's lines and ours, without the directories; the status is the first."""
        file = self.place / "x.conf"
        file.write_text(config)
        words = ["-d", str(self.root), "-S", self.release, "-C", str(file), *arguments]
        kernel = fake_kernel(self.place / "kernel", {}, cmdline)
        theirs = kmod_answers([fake_sys({}, cmdline), call(words)], private=self.place)[0]
        ours = our_answer(words, kernel)
        return _lines(theirs), _lines(ours)


def _lines(answer: tuple[int, bytes]) -> list[str]:
    lines = answer[1].decode().splitlines()
    return [str(answer[0]), *[line.rpartition("/")[2] if line.startswith("insmod") else line for line in lines]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("defects"))


def test_a_dash_in_a_blacklist_of_the_kernel_command_line(both: Both) -> None:
    theirs, ours = both("-c", cmdline="modprobe.blacklist=snd-hda")
    assert "blacklist snd-hda" in theirs
    assert "blacklist snd_hda" in ours


def test_b_install_in_spite_of_a_softdep(both: Both) -> None:
    theirs, ours = both("-D", "loop", config="install loop /bin/false\nsoftdep loop pre: minix")
    assert theirs == ["0", "minix.ko ", "loop.ko "]
    assert ours == ["0", "minix.ko ", "install /bin/false "]


def test_c_every_softdep_counts(both: Both) -> None:
    theirs, ours = both("-D", "loop", config="softdep loop pre: minix\nsoftdep loop pre: fat")
    assert theirs == ["0", "minix.ko ", "loop.ko "]
    assert ours == ["0", "minix.ko ", "fat.ko ", "loop.ko "]


def test_d_an_alias_fails_when_one_of_its_modules_does(both: Both) -> None:
    theirs, ours = both("both", config="alias both fat\nalias both loop\ninstall fat exit 3\ninstall loop exit 0")
    assert (theirs, ours) == (["0"], ["1"])


def test_unset_which_kmod_reports_as_bad_and_passes_over(both: Both) -> None:
    theirs, ours = both("-D", "loop", config="options loop a=1\nunset options loop\noptions loop b=2")
    assert (theirs, ours) == (["0", "loop.ko a=1 b=2 "], ["0", "loop.ko b=2 "])


def test_options_that_extend_which_kmod_takes_for_parameters(both: Both) -> None:
    theirs, ours = both("-D", "loop", config="options loop a=1\noptions loop += a=2 b=3")
    assert (theirs, ours) == (["0", "loop.ko a=1 += a=2 b=3 "], ["0", "loop.ko a=1,2 b=3 "])


def test_g_the_kernel_command_line_is_left_out(both: Both) -> None:
    theirs, ours = both("-D", "loop", cmdline="loop.a=1")
    assert theirs == ours == ["0", "loop.ko a=1 "]
    _, ours = both("--no-cmdline", "-D", "loop", cmdline="loop.a=1")
    assert ours == ["0", "loop.ko "]


def test_j_a_dry_run_of_what_cannot_be_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No modprobe -n opens a module file; what would become of it is foreseen by another tool."""
    root, release = uml_modules()
    files = {name: next(root.rglob(f"{name}.ko")) for name in ("fat", "msdos")}
    directory = tmp_path / "lib/modules" / release
    directory.mkdir(parents=True)
    for name, path in files.items():
        (directory / f"{name}.ko").write_bytes(path.read_bytes())
    subprocess.run(["/sbin/depmod", "-b", str(tmp_path), release], check=True, capture_output=True)
    junk = directory / "msdos.ko"
    junk.write_text("junk")
    words = ["-d", str(tmp_path), "-S", release, "-C", "/dev/null", "-n", "-v", "msdos"]
    assert kmod_answers([call(words)])[0] == our_answer(words) == (0, _insmods(directory, "fat", "msdos"))
    assert main(["lkm", "explain", str(junk)]) == 0
    assert "the file is a text, not a module [not-elf]" in capsys.readouterr().out


def _insmods(directory: Path, *names: str) -> bytes:
    return "".join(f"insmod {directory}/{name}.ko \n" for name in names).encode()


def test_k_options_that_name_cmdline_opts(both: Both) -> None:
    """$CMDLINE_OPTS in the options is replaced by themselves for ever in kmod's; ours leaves it as it is."""
    config = "install loop echo $CMDLINE_OPTS\noptions loop a=$CMDLINE_OPTS"
    _, ours = both("-D", "loop", config=config)
    assert ours == ["0", "install echo $CMDLINE_OPTS a=$CMDLINE_OPTS "]
    words = ["modprobe", "-d", str(both.root), "-S", both.release, "-C", str(both.place / "x.conf"), "loop"]
    limited = ["sh", "-c", 'ulimit -v 200000; exec timeout -s KILL 3 "$@"', "sh", *words]
    done = subprocess.run(limited, capture_output=True, check=False)
    assert done.returncode in (137, -9), done
    assert our_answer([*words[1:], "-i", "-n"]) == (0, b"")
