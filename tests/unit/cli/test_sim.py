"""``lkm sim``, played from a new world to its end: what it prints, to the byte."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli import depmod, insmod, modprobe, rmmod, sim
from lkm.cli.sim import ABOUT, VERBS
from lkm.errors import UsageError
from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.kernel24 import MODULES, Kernel24
from lkm.kernel.sim.world import World
from lkm.manager.newworld import policy
from tests.support.elfwriter import build_module
from tests.support.kernels import LKM

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tree(root: Path) -> Path:
    place = root / "lib/modules/1.0"
    place.mkdir()
    shapes = {
        "fat": ([], ["fat_scan"], ["printk"]),
        "msdos": (["fs-msdos"], [], ["fat_scan", "register_filesystem", "mount_bdev"]),
        "lp": (["char-major-6-*"], [], ["__register_chrdev"]),
        "ne": (["netdev-eth0"], [], ["register_netdev"]),
        "ipx": (["net-pf-4"], [], ["sock_register"]),
    }
    for name, (aliases, exports, needs) in shapes.items():
        info = [("license", "GPL"), ("vermagic", "1.0 "), ("intree", "Y"), *(("alias", alias) for alias in aliases)]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    assert depmod.main(["depmod", "-b", str(root), "1.0"]) == 0
    return root


@pytest.fixture
def run(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")

    def call(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = sim.main(["sim", *words])
        out, err = capfd.readouterr()
        return status, out.replace(str(tmp_path), "TMP"), err.replace(str(tmp_path), "TMP")

    assert call("new", f"{tmp_path}/w", "--tree", str(tree)) == (
        0,
        (
            "TMP/w: simulated Linux 1.0, dialect current\n"
            "  exports: 6 (those that its modules need, by whatever license: no --image)\n"
            "  modules: TMP/root/lib/modules/1.0\nuse it: export LKM_KERNEL=sim:TMP/w\n"
        ),
        "",
    )
    return call


def test_a_mount_brings_its_module_and_holds_it(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    asked = "request_module: /sbin/modprobe -q -- fs-msdos\n"
    assert run("mount", "msdos") == (0, f"{asked}mount: served by msdos\n", "")
    assert run("mount", "msdos")[1] == "mount: served by msdos\n"
    lines = run("proc", "modules")[1].splitlines()
    assert [(line.split()[0], *line.split()[2:]) for line in lines] == [
        ("msdos", "2", "-", "Live", "0x0000000000000000"),
        ("fat", "1", "msdos,", "Live", "0x0000000000000000"),
    ]
    assert run("proc", "filesystems")[1].endswith("nodev\tdevpts\n\tmsdos\n")
    assert modprobe.main(["modprobe", "-r", "msdos"]) == 1
    assert "in use" in capfd.readouterr().err
    assert run("umount", "msdos") == run("umount", "msdos") == (0, "umount: ended the use of msdos\n", "")
    assert run("umount", "msdos") == (
        1,
        "",
        "lkm sim: msdos: nothing is there to umount\n  first: lkm sim mount msdos\n",
    )
    assert modprobe.main(["modprobe", "-r", "msdos"]) == 0
    assert run("proc", "modules")[1] == ""


def test_devices_sockets_and_interfaces(run: Run) -> None:
    asked = "request_module: /sbin/modprobe -q -- "
    assert run("open", "/dev/lp0") == (0, f"{asked}char-major-6-0\nopen: served by lp\n", "")
    assert run("open", "/dev/y", "c", "99", "7") == (
        1,
        (
            f"{asked}char-major-99-7\n  it left with status 1\n{asked}char-major-99\n  it left with status 1\n"
            "open: No such device or address\n"
        ),
        "",
    )
    assert run("open", "/dev/null") == (0, "open: served by the kernel itself\n", "")
    assert run("close", "/dev/null")[1] == "close: ended the use of the kernel itself\n"
    assert run("socket", "ipx") == (0, f"{asked}net-pf-4\nsocket: served by ipx; closed again\n", "")
    assert run("ifup", "eth0") == (0, f"{asked}netdev-eth0\nifup: served by ne\n", "")
    assert run("proc", "devices")[1] == (
        "Character devices:\n  1 mem\n  4 /dev/vc/0\n  5 /dev/tty\n  6 lp\n 10 misc\n\nBlock devices:\n"
    )
    names = [line.split(":")[0].strip() for line in run("net", "dev")[1].splitlines()[2:]]
    assert names == ["lo", "eth0"]


def test_show_says_what_is_predicted(run: Run) -> None:
    run("mount", "msdos")
    facts = json.loads(run("show", "--json")[1])
    assert [r for r in facts["resources"] if r["module"]] == [
        {"kind": "filesystem", "name": "msdos", "number": 0, "module": "msdos", "predicted": True}
    ]
    size = {module["name"]: module["size"] for module in facts["modules"]}
    assert run("show")[1] == (
        "simulated Linux 1.0, dialect current, 0.000000 s after boot\n  file      TMP/w\n"
        "  modules   TMP/root/lib/modules/1.0\n  vermagic  1.0 \n  exports   6 of the kernel, 1 of modules\n"
        f"  policy    none\n\nmsdos  {size['msdos']} bytes, used 1\n  filesystem msdos (predicted)\n\n"
        f"fat  {size['fat']} bytes, used 1 by msdos\n\nin use:\n  mount msdos: 1 by msdos\n"
    )


def test_the_clock_and_the_log(run: Run, tmp_path: Path) -> None:
    assert run("clock", "+70s") == (0, "70.000000 s since boot\n", "")
    assert run("clock") == (0, "70.000000 s since boot\n", "")
    World(f"{tmp_path}/w").say(4, "hello")
    assert run("log") == (0, "[   70.000000] hello\n", "")
    assert run("clock", "70s")[0] == run("clock", "+infs")[0] == run("clock", "+nans")[0] == 2


def test_faults(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("fault", "fat", "init=-ENODEV") == (0, "fat: init returns -ENODEV, from the next load on\n", "")
    assert modprobe.main(["modprobe", "msdos"]) == 1
    assert "No such device" in capfd.readouterr().err
    assert run("fault", "fat", "oops")[1] == "fat: init: oops, from the next load on\n"
    assert modprobe.main(["modprobe", "fat"]) == 1
    assert "BUG: kernel NULL pointer" in run("log")[1]
    assert " Loading 0x0000000000000000 (+)\n" in run("proc", "modules")[1]
    assert run("fault", "fat", "deleted")[1] == "fat: is deleted now\n"
    assert run("fault", "msdos", "deleted")[0] == 1
    assert run("fault", "fat", "none")[1] == "fat: no faults\n"
    assert run("fault", "fat", "explodes")[0] == run("fault", "fat", "init=-EWHAT")[0] == 2


def test_a_module_that_comes_or_goes_for_ever(
    run: Run, tree: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What stands in /proc/modules then, and what each tool says of it."""
    place = tree / "lib/modules/1.0"
    assert modprobe.main(["modprobe", "msdos"]) == 0
    assert run("fault", "fat", "deleted") == (
        1,
        "",
        "lkm sim: fat is needed by msdos, so it cannot be deleted\n  first: rmmod msdos\n",
    )
    assert rmmod.main(["rmmod", "msdos"]) == 0
    assert run("fault", "fat", "uninitialized")[0] == 2
    run("fault", "fat", "deleted")
    run("fault", "lp", "hang")
    insmod.main(["insmod", f"{place}/lp.ko"])
    rows = [line.split()[0:5] for line in run("proc", "modules")[1].splitlines()]
    assert [(row[0], *row[2:]) for row in rows] == [("lp", "1", "-", "Loading"), ("fat", "-1", "-", "Unloading")]
    for tool, word, lines in (
        (insmod, f"{place}/fat.ko", ["fat is being removed, and its exit function has not returned"]),
        (insmod, f"{place}/lp.ko", ["lp is being loaded, and its init function has not returned"]),
        (insmod, f"{place}/msdos.ko", ["module fat, which is being removed just now, provides a symbol: fat_scan ["]),
        (rmmod, "lp", ["lp is being loaded, and its init function has not returned"]),
        (rmmod, "fat", ["fat is being removed, and its exit function has not returned"]),
    ):
        capfd.readouterr()
        assert tool.main([tool.__name__.rpartition(".")[2], word]) == 1
        said = capfd.readouterr().err
        assert all(f"\n  {line}" in said for line in lines), said


def test_kernels_symbols_and_interrupts(run: Run) -> None:
    run("mount", "msdos")
    assert run("proc", "kallsyms")[1].splitlines()[-1] == f"{0:016x} T fat_scan\t[fat]"
    assert run("interrupts")[1] == "           CPU0       \n"
    assert run("proc", "ksyms")[0] == run("proc", "nonsense")[0] == 2


def test_a_file_that_is_there_stays(run: Run, tree: Path, tmp_path: Path) -> None:
    run("mount", "msdos")
    again = ("new", f"{tmp_path}/w", "--tree", str(tree))
    status, out, err = run(*again)
    assert (status, out) == (1, "")
    assert err == "lkm sim: TMP/w: exists already\n  choose another name, or replace it with --force\n"
    assert run("proc", "modules")[1] != ""
    assert run(*again, "--force")[0] == 0
    assert run("proc", "modules")[1] == ""
    other = tmp_path / "precious"
    other.write_text("mine")
    assert run("new", str(other), "--tree", str(tree), "--force")[0] == 1
    assert other.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious", "root", "w"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("fly",),
        ("mount",),
        ("new", "x", "--dialect", "3"),
        ("new", "x"),
        ("new", "x", "--release", "1.0", "--policy", "harsh"),
        ("show", "--kernel", "live"),
        ("tour", "--kernel", "sim:x"),
        ("mount", "--force", "msdos"),
        ("show", "--image", "x", "--list"),
        ("socket", "nowhere"),
        ("open", "/dev/lp0", "c", "6"),
    ],
)
def test_a_command_line_without_sense(run: Run, words: tuple[str, ...]) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert err.startswith("lkm sim: ")
    assert err.count("\n") == 2


def test_commands_of_the_helper_work_on_the_same_kernel(run: Run, tree: Path, tmp_path: Path) -> None:
    line = f"install msdos echo $LKM_KERNEL >{tmp_path}/told; false\n"
    (tree / "lib/modules/1.0/modules.softdep").write_text(line)
    assert run("mount", "msdos")[0] == 1
    assert (tmp_path / "told").read_text() == f"sim:{tmp_path}/w\n"


def test_another_helper(run: Run, tmp_path: Path) -> None:
    assert run("proc", "sys/kernel/modprobe") == (0, "/sbin/modprobe\n", "")
    helper = tmp_path / "helper"
    helper.write_text('#!/bin/sh\necho "$#: $*"\npwd\nenv | sort\nexit 3\n')
    helper.chmod(0o755)
    assert run("proc", "sys/kernel/modprobe", str(helper)) == (0, "", "")
    status, out, err = run("request", "nfsd")
    said = out.replace("_=/usr/bin/env\n", "").replace("PWD=/\n", "").splitlines()
    assert (status, err) == (1, "")
    assert said == [
        *("request_module: TMP/helper -q -- nfsd", "3: -q -- nfsd", "/"),
        *("HOME=/", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", "TERM=linux", "  it left with status 3"),
    ]
    assert run("proc", "sys/kernel/modprobe", "/no/such")[0] == 0
    assert run("request", "fat")[1] == "request_module: /no/such -q -- fat\n  it left with status 255\n"
    assert run("proc", "sys/kernel/modprobe", "")[0] == 0
    assert run("request", "fat") == (1, "", "")
    assert run("proc", "sys/kernel/modprobe", "/sbin/modprobe")[0] == 0
    assert run("request", "fat") == (0, "request_module: /sbin/modprobe -q -- fat\n", "")
    assert run("proc", "sys/kernel/osrelease")[1] == "1.0\n"


def test_a_helper_that_is_not_there_in_2_4(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("new", f"{tmp_path}/w24", "--dialect", "2.4")
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w24")
    run("proc", "sys/kernel/modprobe", "/no/such")
    assert run("mount", "vfat")[0] == 1
    assert run("log")[1].endswith("] kmod: failed to exec /no/such -s -k vfat, errno = 2\n")
    Kernel24(f"{tmp_path}/w24").load(f"{MODULES}/fat.o")
    assert run("fault", "fat", "uninitialized")[1] == "fat: is uninitialized now\n"
    assert run("proc", "modules")[1] == "fat                    30400 (uninitialized)\n"


def test_commands_of_the_helper_in_2_4(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("new", f"{tmp_path}/w24", "--dialect", "2.4")
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w24")
    with (tmp_path / "w24.root/etc/modules.conf").open("a") as conf:
        conf.write(f"post-install fat env >{tmp_path}/environment\n")
    assert run("mount", "msdos")[1].endswith("mount: served by msdos\n")
    assert f"LKM_KERNEL=sim:{tmp_path}/w24" in (tmp_path / "environment").read_text().splitlines()


def test_help_and_policies(run: Run) -> None:
    assert run("--help")[1].startswith("usage: lkm sim new FILE")
    assert run("tour", "-h")[1].startswith(
        "usage: lkm sim tour [SECTION] [--list] [--keep DIR]\n\noptions:\n      --list      list its sections\n"
    )
    assert set(VERBS) == set(ABOUT)
    for verb in VERBS:
        assert run(verb, "--help")[1].endswith(f"\n\n{ABOUT[verb]}\n")
    assert policy("sig_enforce,lockdown=integrity,modules_disabled,module_blacklist=a,b-c") == {
        "sig_enforce": "1",
        "lockdown": "integrity",
        "modules_disabled": "1",
        "blacklist": "a,b_c",
    }
    for text in ("a", "lockdown=x", "module_blacklist=", "sig_enforce=2"):
        with pytest.raises(UsageError):
            policy(text)


def test_linux_2_4(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("new", f"{tmp_path}/w24", "--dialect", "2.4")[1].startswith(
        "TMP/w24: simulated Linux 2.4.2-2, dialect 2.4\n  exports: 18 (a small kernel's)\n"
    )
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w24")
    kernel = Kernel24(f"{tmp_path}/w24")
    for name in ("fat", "msdos"):
        kernel.load(f"{MODULES}/{name}.o")
    unused = "msdos                   5632   0 (unused)\nfat                    30400   0 [msdos]\n"
    assert run("proc", "modules") == (0, unused, "")
    assert run("mount", "msdos") == (0, "mount: served by msdos\n", "")
    assert run("proc", "modules")[1] == unused.replace("0 (unused)", "1")
    assert "\t[fat]\n" in run("proc", "ksyms")[1]
    assert run("proc", "kallsyms")[0] == 2
    assert "ksym" not in run("show")[1]
    status, out, _ = run("open", "/dev/lp0")
    asked = "request_module: /sbin/modprobe -s -k -- char-major-6\n"
    assert (status, out) == (0, f"{asked}open: served by lp\n")
    status, out, _ = run("open", "/dev/net/tun")
    assert (status, out.split("\n")[:2]) == (
        1,
        [
            "request_module: /sbin/modprobe -s -k -- char-major-10-200",
            "  syslog: modprobe: modprobe: Can't locate module char-major-10-200",
        ],
    )
    assert out.endswith("  it left with status 1\nopen: No such device\n")
    assert run("new", f"{tmp_path}/w25", "--dialect", "2.4", "--image", "x")[0] == 2


@pytest.mark.parametrize(("how", "name"), [("kill -INT $$", "INT"), ("kill -TERM $PPID; exec sleep 60", "TERM")])
def test_a_signal_undoes_what_a_request_has_loaded_so_far(run: Run, tmp_path: Path, how: str, name: str) -> None:
    config = tmp_path / "x.conf"
    config.write_text(f"install msdos {how}")
    # In a process of its own: a signal may go to any thread, and only the main one's waiting is ended by it.
    command = [LKM, "modprobe", "-v", "-C", str(config), "msdos"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "fat.ko" in done.stdout and done.returncode == 128 + getattr(signal, f"SIG{name}")
    assert done.stderr == (
        f"modprobe: ERROR: loading 'msdos' was ended by SIG{name}\n"
        "  what install commands did cannot be undone\n"
        "  removed again, as loaded for msdos only: fat\n"
    )
    assert run("proc", "modules")[1] == ""


def test_a_policy_of_signatures_needs_no_image(tree: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    module = str(tree / "lib/modules/1.0/fat.ko")
    for words, number in (("", 0), ("sig_enforce", 129), ("lockdown=integrity", 1), ("cap_sys_module=0", 1)):
        options = ["--tree", str(tree), "--force", "--policy", words]
        assert sim.main(["sim", "new", f"{tmp_path}/w", *options]) == 0
        outcome = SimulatedKernel(f"{tmp_path}/w").load(module)
        assert (outcome.errno if isinstance(outcome, Refused) else 0) == number, words
