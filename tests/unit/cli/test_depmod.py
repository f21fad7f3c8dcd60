"""The depmod tool on small trees: its files, options, messages and exit status."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from lkm.cli.depmod import main
from lkm.system.indexfiles import open_index
from tests.support.elfwriter import Export, build_module

GOLDEN = Path(__file__).parents[2] / "golden/depmod"
RELEASE = "6.1.0-x"
WRITTEN = (
    "modules.alias modules.alias.bin modules.builtin.alias.bin modules.builtin.bin modules.dep modules.dep.bin "
    "modules.devname modules.lkm-cache modules.softdep modules.symbols modules.symbols.bin modules.weakdep"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with a small tree: fat, msdos and vfat on it, fuse in updates, and a list of built-ins."""
    tree = tmp_path / "root/usr/lib/modules" / RELEASE
    fat = [("license", "GPL"), ("weakdep", "nls_utf8")]
    add(tree / "kernel/fs/fat/fat.ko", build_module("fat", modinfo=fat, exports=["fat_x", "fat_y"], needs=["printk"]))
    info = [("license", "GPL"), ("alias", "fs-msdos"), ("alias", "usb:v*p[0-9a-f]*"), ("softdep", "pre: nls_cp437")]
    add(tree / "kernel/fs/fat/msdos.ko", build_module("msdos", modinfo=info, needs=["fat_x", "printk"]))
    info = [("license", "GPL"), ("alias", "fs-vfat"), ("alias", "fs-vfat")]
    add(tree / "kernel/fs/fat/vfat.ko", build_module("vfat", modinfo=info, needs=["fat_y", "fat_x"]))
    info = [("license", "GPL"), ("alias", "devname:fuse"), ("alias", "char-major-10-229")]
    add(tree / "updates/fuse.ko", build_module("fuse", modinfo=info))
    add(tree / "kernel/fs/fuse.ko", build_module("fuse", exports=["old_fuse"]))
    (tree / "modules.order").write_text("kernel/fs/fat/vfat.ko\nkernel/fs/fat/fat.ko\nkernel/fs/fat/msdos.ko\n")
    (tree / "modules.builtin").write_text("kernel/fs/ext4/ext4.ko\n")
    (tree / "modules.builtin.modinfo").write_bytes(b"ext4.license=GPL\0ext4.alias=fs-ext4\0")
    return tmp_path / "root"


def add(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def tree_of(root: Path) -> Path:
    return root / "usr/lib/modules" / RELEASE


def run(*args: object) -> int:
    return main(["depmod", *map(str, args)])


def test_the_indexes_answer_what_modprobe_asks(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("-b", root, RELEASE) == 0
    assert capfd.readouterr() == ("", "")
    made = sorted(p.name for p in tree_of(root).glob("modules.*"))
    assert made == sorted([*WRITTEN.split(), "modules.order", "modules.builtin", "modules.builtin.modinfo"])
    index = open_index(str(tree_of(root)))
    msdos, fuse = index.dependencies("msdos"), index.dependencies("fuse")
    assert msdos is not None
    assert fuse is not None
    assert (msdos.path, msdos.depends) == ("kernel/fs/fat/msdos.ko", ("kernel/fs/fat/fat.ko",))
    assert (fuse.path, fuse.depends) == ("updates/fuse.ko", ())
    assert [m.name for m in index.all_modules()] == ["fat", "fuse", "msdos", "vfat"]
    assert index.aliases("usb:v1p7f") == index.aliases("fs_msdos") == ("msdos",)
    assert index.symbol_owners("symbol:fat_x") == ("fat",)
    assert index.symbol_owners("symbol:old_fuse") == ()
    assert index.is_builtin("ext4")
    assert index.builtin_aliases("fs_ext4") == ("ext4",)
    assert "softdep msdos pre: nls_cp437\n" in index.softdeps_text()
    assert "weakdep fat nls_utf8\n" in index.weakdeps_text()


@pytest.mark.parametrize("option", ["-n", "--show", "--dry-run"])
def test_show_prints_the_text_files_and_writes_nothing(
    option: str, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(option, "-b", root, RELEASE) == 0
    out, err = capfd.readouterr()
    assert out == (GOLDEN / "show.txt").read_text()
    assert err == ""
    assert sorted(p.name for p in tree_of(root).glob("modules.*")) == [
        "modules.builtin",
        "modules.builtin.modinfo",
        "modules.order",
    ]


def test_outdir_leaves_the_tree_alone(root: Path, tmp_path: Path) -> None:
    assert run("-b", root, "-o", tmp_path / "out", RELEASE) == 0
    assert not (tree_of(root) / "modules.dep").exists()
    assert sorted(os.listdir(tmp_path / "out/lib/modules" / RELEASE)) == sorted(WRITTEN.split())


def test_moduledir_says_where_the_trees_are(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "usr/lib/modules").rename(root / "mods")
    assert run("-n", "-b", root, "-m", "/mods", RELEASE) == 0
    assert capfd.readouterr().out == (GOLDEN / "show.txt").read_text()


def test_named_files_alone_are_indexed(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tree_of(root) / "kernel/fs/fat/vfat.ko"
    assert run("-n", "-b", root, RELEASE, path) == 0
    assert capfd.readouterr().out.splitlines()[:1] == ["kernel/fs/fat/vfat.ko:"]
    assert run("-n", "-a", "-b", root, RELEASE, path) == 0
    assert capfd.readouterr().out == (GOLDEN / "show.txt").read_text()
    for wrong, text in (
        ("x.ko", "x.ko: not absolute path."),
        ("/no/x.ko", "could not create module /no/x.ko: No such file or directory"),
    ):
        assert run("-b", root, RELEASE, wrong) == 1
        assert f"depmod: FATAL: {text}" in capfd.readouterr().err


def test_verbose_says_who_provides_what(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("-v", "-b", root, RELEASE) == 0
    top = tree_of(root) / "kernel/fs/fat"
    told = capfd.readouterr()
    assert sorted(told.out.splitlines()) == [
        f'{top}/msdos.ko needs "fat_x": {top}/fat.ko',
        f'{top}/vfat.ko needs "fat_y": {top}/fat.ko',
    ]
    seconds = re.compile(r"in \d+\.\d{3} s")
    assert seconds.sub("in 0 s", told.err) == (
        "depmod: INFO: 4 modules found in 0 s, 4 read in 0 s, 11 files made in 0 s, all on disk in 0 s\n"
    )


def test_warn_tells_of_an_alias_given_twice(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("-w", "-b", root, RELEASE) == 0
    assert capfd.readouterr().err == "depmod: WARNING: duplicate module alias:\nfs_vfat vfat\n"


def test_unknown_symbols_and_other_versions_are_told(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    top = tree_of(root) / "kernel/fs/fat"
    add(top / "fat.ko", build_module("fat", exports=[Export("fat_x", crc=7), Export("fat_y", crc=8)]))
    needs = {"fat_x": 7, "fat_y": 9, "printk": 0x11, "kfree": 0x22}
    add(top / "vfat.ko", build_module("vfat", needs=[*needs, "gone"], weak=["maybe"], versions=needs))
    symvers = tmp_path / "Module.symvers"
    symvers.write_text("0x11\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x23\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n")
    assert run("-n", "-e", "-E", symvers, "-b", root, RELEASE) == 0
    assert sorted(capfd.readouterr().err.splitlines()) == [
        f"depmod: WARNING: {top}/vfat.ko disagrees about version of symbol fat_y",
        f"depmod: WARNING: {top}/vfat.ko disagrees about version of symbol kfree",
        f"depmod: WARNING: {top}/vfat.ko needs unknown symbol gone",
    ]
    system_map = tmp_path / "System.map"
    system_map.write_text("0 r __ksymtab_printk\n0 T kfree\n")
    assert run("-n", "-e", "-F", system_map, "-b", root, RELEASE) == 0
    assert sorted(line.rsplit(" ", 1)[1] for line in capfd.readouterr().err.splitlines()) == ["gone", "kfree"]
    assert run("-e", "-F", tmp_path / "no", "-b", root, RELEASE) == 1
    text = f"depmod: FATAL: could not load {tmp_path}/no: No such file or directory\n"
    assert capfd.readouterr().err == text
    assert run("-n", "-e", "-b", root, RELEASE) == 0
    assert capfd.readouterr().err == "depmod: WARNING: -e needs -E or -F\n"


def test_modules_in_a_circle_are_named_and_nothing_is_written(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, needed in (("x", "y"), ("y", "z"), ("z", "x")):
        add(tree_of(root) / f"{name}.ko", build_module(name, exports=[f"f{name}"], needs=[f"f{needed}"]))
    assert run("-b", root, RELEASE) == 1
    err = capfd.readouterr().err
    assert "depmod: ERROR: Found 3 modules in dependency cycles!\n" in err
    (line,) = [line for line in err.splitlines() if "Cycle detected: " in line]
    names = line.split(": ")[-1].split(" -> ")
    assert names[0] == names[-1]
    assert "".join(names[:3]) in ("xyz", "yzx", "zxy")
    assert not (tree_of(root) / "modules.dep").exists()


def test_a_broken_module_is_told_and_the_rest_indexed(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tree_of(root) / "kernel/broken.ko"
    broken.write_bytes(b"\x7fELF")
    assert run("-b", root, RELEASE) == 0
    assert f"depmod: ERROR: failed to load symbols from {broken}: " in capfd.readouterr().err
    dep = (tree_of(root) / "modules.dep").read_text().splitlines()
    assert "kernel/broken.ko:" in dep
    assert "kernel/fs/fat/msdos.ko: kernel/fs/fat/fat.ko" in dep


def test_keys_that_no_index_can_hold_are_left_out_with_a_word(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    odd = [("alias", "x\u00e9"), ("alias", "fine"), ("alias", "open["), ("alias", "xa")]
    add(tree_of(root) / "kernel/odd.ko", build_module("odd", modinfo=odd))
    assert run("-b", root, RELEASE) == 0
    assert sorted(capfd.readouterr().err.splitlines()) == [
        "depmod: WARNING: 'x\u00e9' is left out of modules.alias.bin, which holds only 7-bit characters",
        "depmod: WARNING: Unmatched bracket in open[",
    ]
    index = open_index(str(tree_of(root)))
    assert index.aliases("fine") == index.aliases("xa") == ("odd",)
    assert "alias x\u00e9 odd\n" in (tree_of(root) / "modules.alias").read_text()


def test_lists_of_the_kernel_may_be_missing(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("order", "builtin", "builtin.modinfo"):
        (tree_of(root) / f"modules.{name}").unlink()
    assert run("-b", root, RELEASE) == 0
    where = f"at {tree_of(root)}: No such file or directory"
    assert capfd.readouterr().err.splitlines() == [
        f"depmod: WARNING: could not open modules.order {where}",
        f"depmod: WARNING: could not open modules.builtin {where}",
        f"depmod: WARNING: could not open modules.builtin.modinfo {where}",
    ]
    assert (tree_of(root) / "modules.builtin.bin").read_bytes() == b""


def test_quick_works_only_when_a_module_is_newer(root: Path) -> None:
    assert run("-A", "-b", root, RELEASE) == 0
    dep = tree_of(root) / "modules.dep"
    dep.write_text("mine")
    later = time.time() + 10
    os.utime(dep, (later, later))
    assert run("-A", "-b", root, RELEASE) == 0
    assert dep.read_text() == "mine"
    os.utime(tree_of(root) / "updates/fuse.ko", (later + 10, later + 10))
    assert run("-A", "-b", root, RELEASE) == 0
    assert dep.read_text() != "mine"


def test_a_tree_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("-b", tmp_path, "9.9.9") == 1
    assert capfd.readouterr().err.splitlines() == [
        f"depmod: ERROR: could not open directory {tmp_path}/lib/modules/9.9.9: No such file or directory",
        "depmod: FATAL: could not search modules: No such file or directory",
        "  install the kernel's modules there, or name another root with -b or another version",
    ]


def test_a_directory_that_cannot_be_written_keeps_its_files(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree_of(root) / "modules.dep").write_text("old")

    def refuse(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("lkm.system.files.os.fsync", refuse)
        assert run("-b", root, RELEASE) == 1
    err = capfd.readouterr().err
    assert err.startswith(f"depmod: FATAL: {tree_of(root)}/modules.builtin.bin: Permission denied\n  run it as root")
    assert (tree_of(root) / "modules.dep").read_text() == "old"
    assert not list(tree_of(root).glob("*.tmp"))


@pytest.mark.parametrize(
    ("args", "err"),
    [
        (["bla"], "depmod: ERROR: Bad version passed bla\n"),
        (["6"], "depmod: ERROR: Bad version passed 6\n"),
        # Would index that file alone, in place of all modules of the running kernel.
        (["/x/fat.ko"], "depmod: ERROR: Bad version passed /x/fat.ko\n"),
        (["-P", "ab"], "depmod: FATAL: -P only takes a single char\n"),
        (["-b"], "depmod: option requires an argument -- 'b'\n"),
        (["-y"], "depmod: invalid option -- 'y'\n"),
    ],
)
def test_arguments_that_make_no_sense(args: list[str], err: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*args) == 1
    assert capfd.readouterr() == ("", err)


def test_depmod_d_decides_between_files_of_one_name(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    conf = tmp_path / "my.conf"
    conf.write_text("search built-in updates\nserach x\n")
    assert run("-n", "-C", conf, "-b", root, RELEASE) == 0
    out, err = capfd.readouterr()
    assert "kernel/fs/fuse.ko:\n" in out
    assert "updates/fuse.ko" not in out
    assert err == f"depmod: WARNING: {conf}:2: unknown directive 'serach'\n  did you mean 'search'?\n"


def test_an_empty_basedir_is_the_working_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert run("-n", "-b", "", RELEASE) == 0
    assert capfd.readouterr().out == (GOLDEN / "show.txt").read_text()
