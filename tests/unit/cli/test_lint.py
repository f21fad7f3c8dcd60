"""On a root with User-Mode Linux's real modules, and this machine without any."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest

from lkm.cli.lint import main
from tests.support import schema
from tests.support.linting import STOCK
from tests.support.modprobe import linked_tree
from tests.support.trees import debian_modules, uml_modules

Run = Callable[..., tuple[int, str, str]]
SICK = """# mine
options loop max_lop=3  # three
blacklist dummy
blacklist dummy
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tree, release = uml_modules()
    place = linked_tree(tree, release, tmp_path / "root")
    for leaf in ("modprobe.d", "modules-load.d", "depmod.d"):
        (place / "etc" / leaf).mkdir(parents=True)
    (place / "lib/modprobe.d").mkdir(parents=True)
    return place


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], root: Path) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["lint", *words])
        out, err = capfd.readouterr()
        return status, out.replace(str(root), ""), err.replace(str(root), "")

    return call


def test_real_parameters_and_names(run: Run, root: Path) -> None:
    (root / "etc/modprobe.d/x.conf").write_text("options loop max_part=abc\noptions ext4 a=1\nblacklist fat\n")
    (root / "etc/modules-load.d/x.conf").write_text("dumy\n")
    status, out, _ = run(str(root))
    assert status == 1
    assert "parameter max_part of loop (of type int) is given 'abc', which it does not take [bad-value]" in out
    assert "ext4 is built in: its options are never given [built-in]" in out
    assert "fat is loaded all the same: msdos, vfat need it [blacklist-needed]" in out
    assert "/etc/modules-load.d/x.conf:1:1: error: there is no module or alias 'dumy' [unknown-module]" in out


def test_files_of_all_directories(run: Run, root: Path) -> None:
    (root / "etc/modprobe.d/x.conf").write_text("blacklist dummy\n")
    (root / "lib/modprobe.d/x.conf").write_text("optoins\n")
    (root / "etc/modprobe.d/local").write_text("blacklist dummy\n")
    (root / "etc/modprobe.d/local.dpkg-old").write_text("blacklist dummy\n")
    (root / "etc/depmod.d/d.conf").write_text("override loop * updates\n")
    (root / "etc/modules").write_text("loop x\n")
    (root / "etc/kernel").mkdir()
    (root / "etc/kernel/cmdline").write_text("quiet loop.max_lop=1\n")
    status, out, _ = run("--json", str(root))
    answer = schema.check(out)
    assert status == 1
    assert [(f["file"], f["line"], f["code"]) for f in answer["findings"]] == [
        ("/etc/modules", 1, "load-arguments"),
        ("/etc/depmod.d/d.conf", 1, "override-nowhere"),
        ("/etc/kernel/cmdline", None, "unknown-parameter"),
        ("/etc/modprobe.d/local", None, "file-not-read"),
        ("/lib/modprobe.d/x.conf", None, "hidden-file"),
    ]
    (only,) = json.loads(run("--sarif", str(root))[1])["runs"]
    assert [r["level"] for r in only["results"]] == ["error", "warning", "warning", "warning", "note"]


def test_nothing_found(run: Run, root: Path) -> None:
    _, release = uml_modules()
    (root / "lib/modprobe.d/x.conf").write_text("options bonding max_bonds=0\noptions snd-pcsp index=-2\n")
    assert run(str(root)) == (0, f"1 file for {release}: nothing found\n", "")


def test_fix(run: Run, root: Path) -> None:
    file = root / "etc/modprobe.d/x.conf"
    file.write_text(SICK)
    file.chmod(0o640)
    package = root / "lib/modprobe.d/p.conf"
    package.write_text("options loop max_loop=1 # x\n")
    status, out, _ = run("-n", str(root))
    assert file.read_text() == SICK
    assert out.startswith("--- /etc/modprobe.d/x.conf\n+++ /etc/modprobe.d/x.conf\n@@ -1,4 +1,4 @@\n # mine\n")
    status, fixed, _ = run("--fix", str(root))
    assert (status, fixed.replace("1 file mended", "1 file would be mended")) == (1, out)
    assert fixed.endswith(": 2 warnings; 1 file mended\n")
    assert file.read_text() == "# mine\n# three\noptions loop max_lop=3\nblacklist dummy\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert package.read_text() == "options loop max_loop=1 # x\n"
    assert sorted(os.listdir(file.parent)) == ["x.conf"]
    again = run("--fix", str(root))[1]
    assert "@@" not in again


def test_one_file_without_a_tree(run: Run, tmp_path: Path) -> None:
    (tmp_path / "any").write_text("blacklist a\nblacklist a\n")
    (tmp_path / "empty").mkdir()
    status, out, err = run("-C", str(tmp_path / "any"), str(tmp_path / "empty"))
    assert status == 1
    assert "says the same [duplicate]" in out
    assert "no module tree; not looked for" in err
    assert "not looked for: unknown-module, built-in," in err


def test_a_tree_without_an_index(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r/lib/modules/6.9").mkdir(parents=True)
    (tmp_path / "r/etc/modprobe.d").mkdir(parents=True)
    (tmp_path / "r/etc/modprobe.d/x.conf").write_text("options loop a=1\n")
    status, out, err = run(str(tmp_path / "r"))
    assert (status, out) == (0, "1 file for 6.9: nothing found\n")
    assert "/lib/modules/6.9 has no index; not looked for: unknown-module," in err
    assert f"lkm depmod -b {tmp_path / 'r'} 6.9" in err


def test_a_stale_index(run: Run, root: Path) -> None:
    _, release = uml_modules()
    tree = root / "lib/modules" / release
    place = f"/lib/modules/{release}"
    (tree / "new.ko").write_bytes(b"x")
    (root / "etc/depmod.d/x.conf").write_text("exclude old\n")
    (tree / "old").mkdir()
    (tree / "old/old.ko").write_bytes(b"x")
    status, out, _ = run(str(root))
    assert (status, out.splitlines()) == (
        1,
        [
            f"{place}/modules.dep.bin: error: does not list {place}/new.ko [stale-index]",
            f"  do: lkm depmod -b  {release}",
            "  why: modules are found by the indexes alone",
            f"1 file for {release}: 1 error",
        ],
    )
    (tree / "modules.dep.bin").unlink()
    status, out, err = run(str(root))
    assert (status, "modules.dep.bin is missing [stale-index]" in out) == (1, True)
    assert "has no index; not looked for: unknown-module" in err


def test_files_of_etc_that_are_as_a_package_brought_them(run: Run, root: Path) -> None:
    text = "options nosuch a=1\noptions loop max_loop=3 # three\n"
    for name in ("brought", "mine"):
        (root / f"etc/modprobe.d/{name}.conf").write_text(text)
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(
        f"Package: a\nConffiles:\n /etc/modprobe.d/brought.conf {md5(text.encode()).hexdigest()}\n"
    )
    answer = schema.check(run("--json", "--fix", str(root))[1])
    assert [f["code"] for f in answer["findings"] if f["file"].endswith("brought.conf")] == ["trailing-comment"]
    mine = [f["code"] for f in answer["findings"] if f["file"].endswith("mine.conf")]
    assert mine == ["duplicate", "unknown-module"]
    assert answer["changed"] == ["/etc/modprobe.d/mine.conf"]
    assert (root / "etc/modprobe.d/brought.conf").read_text() == text


def test_parts_of_the_kernel_that_are_no_modules(run: Run, tmp_path: Path) -> None:
    tree, release = debian_modules()
    place = linked_tree(tree, release, tmp_path / "debian")
    (place / "etc/modprobe.d").mkdir(parents=True)
    (place / "etc/modprobe.d/x.conf").write_text("options printk time=1\nblacklist ext2\n")
    line = "rd.modules_load=vfat rd.driver.blacklist=x printk.tiem=1"
    status, out, _ = run("--json", "--cmdline", line, str(place))
    found = [(f["code"], f["what"]) for f in json.loads(out)["findings"]]
    assert found == [
        ("built-in", "printk is built in: its options are never given"),
        ("blacklist-by-name", "this keeps nothing out: ext2 is an alias, of ext4"),
        ("unknown-parameter", "printk has no parameter 'tiem'"),
    ]
    assert status == 1


def test_a_mask_is_meant(run: Run, root: Path) -> None:
    (root / "lib/modprobe.d/x.conf").write_text("blacklist dummy\n")
    (root / "etc/modprobe.d/x.conf").symlink_to("/dev/null")
    assert "nothing found" in run(str(root))[1]


def test_debians_own_files_on_debians_kernel(run: Run, tmp_path: Path) -> None:
    tree, release = debian_modules()
    place = linked_tree(tree, release, tmp_path / "debian")
    for name, text in STOCK.items():
        directory = place / ("etc" if name in ("mdadm", "intel-microcode") else "lib") / "modprobe.d"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{name}.conf").write_text(text)
    (place / "etc/modules").write_text("# modules to load at boot\n")
    assert run(str(place)) == (0, f"{len(STOCK) + 1} files for {release}: nothing found\n", "")


def test_the_image_has_built_in_parameters(run: Run, root: Path) -> None:
    (root / "etc/modprobe.d/x.conf").write_text("options printk time=1\n")
    status, out, _ = run("--image", "/usr/bin/linux.uml", "--cmdline", "printk.tiem=1 printk.time=maybe", str(root))
    assert status == 1
    assert "on the kernel's command line: printk.time=1" in out
    assert "printk has no parameter 'tiem'" in out
    assert "parameter time of printk (of type bool) is given 'maybe', which it does not take" in out


def test_what_cannot_be(run: Run, root: Path, tmp_path: Path) -> None:
    assert run("nowhere")[0] == 2
    assert run("a", "b")[0] == 2
    assert run("-S", "9.9", str(root))[0] == 2
    status, _, err = run("-C", "nowhere.conf", str(root))
    assert (status, "nowhere.conf: cannot be read: No such file or directory" in err) == (2, True)
    (tmp_path / "no.image").write_bytes(b"text")
    status, _, err = run("--image", str(tmp_path / "no.image"), str(root))
    assert (status, "no.image" in err) == (2, True)
