"""The choice of a kernel, and what is said where the machine's own can load nothing."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path

import pytest

from lkm.cli import effects, explain, insmod, kernels, lsmod, modprobe_run, rmmod, verbs
from lkm.cli import list as list_tool
from lkm.cli.kernels import choose, open_kernel
from lkm.cli.main import CLASSIC, TOOLS, main
from lkm.errors import MachineError, UsageError
from lkm.kernel import syscalls
from lkm.kernel.linux import LinuxKernel
from lkm.kernel.sim.kernel24 import create_world
from lkm.kernel.sim.world import World
from lkm.kernel.surroundings import Surroundings
from lkm.manager import absence, evidence
from tests.support.elfwriter import build_module

GOLDEN = Path(__file__).parents[2] / "golden/no-modules.txt"


def test_the_live_kernel_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LKM_KERNEL", raising=False)
    assert isinstance(open_kernel(LinuxKernel), LinuxKernel)
    assert isinstance(open_kernel(LinuxKernel, "live"), LinuxKernel)


@pytest.mark.parametrize("spec", ["sim:", "simulated:x", "x"])
def test_an_unknown_kernel_is_named(spec: str) -> None:
    with pytest.raises(MachineError, match="unknown kernel"):
        open_kernel(LinuxKernel, spec)
    with pytest.raises(UsageError, match="unknown kernel"):
        choose(["lsmod", f"--kernel={spec}"])


@pytest.mark.parametrize(
    ("words", "left", "spec"),
    [
        (["lsmod"], ["lsmod"], "sim:/old"),
        (["insmod", "--kernel", "live", "x.ko", "a=1"], ["insmod", "x.ko", "a=1"], "live"),
        (["insmod", "x.ko", "--kernel=sim:/w", "-v"], ["insmod", "x.ko", "-v"], "sim:/w"),
        (["lsmod", "--ker=sim:/a", "--ke", "sim:/b:c"], ["lsmod"], "sim:/b:c"),
        (["modprobe", "--", "--kernel=live"], ["modprobe", "--", "--kernel=live"], "sim:/old"),
        (["modprobe", "--kernel=live", "--", "--kernel=x"], ["modprobe", "--", "--kernel=x"], "live"),
        (["insmod", "--kernelx", "--key=1"], ["insmod", "--kernelx", "--key=1"], "sim:/old"),
    ],
)
def test_the_option_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, words: list[str], left: list[str], spec: str
) -> None:
    monkeypatch.setenv("LKM_KERNEL", "sim:/old")
    assert choose(words) == left
    assert os.environ["LKM_KERNEL"] == spec


def test_a_path_is_made_absolute_for_commands_that_run_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LKM_KERNEL", "")
    monkeypatch.setattr(kernels, "started_by", "sim:/helper")
    monkeypatch.chdir(tmp_path)
    choose(["lsmod", "--kernel", "sim:w"])
    assert (os.environ["LKM_KERNEL"], kernels.started_by) == (f"sim:{tmp_path}/w", "")


TREE_TOOLS = {"depmod": "", "modinfo": "msdos", "modprobe": "-n -v msdos", "resolve": "msdos"}


@pytest.fixture
def worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty world ``empty``, and ``w``, whose tree has one module."""
    place = tmp_path / "root/lib/modules/1.0"
    place.mkdir(parents=True)
    (place / "msdos.ko").write_bytes(build_module("msdos"))
    for name, tree in (("w", "root"), ("empty", "nothing")):
        World.create(str(tmp_path / name), {"release": "1.0", "tree": str(tmp_path / tree)}).close()
    create_world(str(tmp_path / "w24")).close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_option_wins_over_the_environment(
    worlds: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    assert main(["lkm", "depmod"]) == 0
    for tool, words in TREE_TOOLS.items():
        monkeypatch.setenv("LKM_KERNEL", "sim:empty")
        assert main(["lkm", tool, *words.split()]) != 0
        assert "nothing/lib/modules/1.0" in capfd.readouterr().err
        monkeypatch.setenv("LKM_KERNEL", "sim:empty")
        assert main(["lkm", tool, "--kernel", "sim:w", *words.split()]) == 0
        assert "nothing" not in "".join(capfd.readouterr())


def test_every_tool_takes_it(
    worlds: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LKM_KERNEL", "live")
    for tool in sorted(TOOLS.keys() - set(kernels.OWN)):
        status = kernels.STATUS.get(tool, 1)
        assert main(["lkm", tool, "--kernel", "elsewhere"]) == status
        said = capfd.readouterr().err.removeprefix("lkm ")
        assert said.startswith(f"{tool}: ERROR: unknown kernel 'elsewhere'\n  it is live ")
        assert main([f"/sbin/{tool}", "--kernel"] if tool in CLASSIC else ["lkm", tool, "--kernel"]) == status
        assert "option '--kernel' requires an argument" in capfd.readouterr().err
    assert main(["lkm", "lsmod", "--kernel=sim:w24"]) == 0
    assert capfd.readouterr().out == "Module                  Size  Used by    Not tainted\n"


@pytest.mark.parametrize("words", ["load fat", "unload fat", "info fat", "list", "explain fat.o", "resolve fat"])
def test_what_does_not_speak_2_4_says_so(
    worlds: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("LKM_KERNEL", "sim:w24")
    assert main(["lkm", *words.split()]) == 2
    out, err = capfd.readouterr()
    assert (out, "this kernel is a Linux 2.4\n  modprobe, depmod," in err) == ("", True)


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_the_help_of_every_tool_names_it(tool: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", tool, "--help"]) == 0
    assert ("--kernel" in capfd.readouterr().out) == (tool != "tools")


@pytest.mark.parametrize(("tool", "word"), [(t, "x") for t in ("insmod", "rmmod", "modprobe", "modinfo", "depmod")])
def test_a_world_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, word: str) -> None:
    monkeypatch.setenv("LKM_KERNEL", "live")
    operands = [] if tool == "depmod" else [word]
    try:
        status = main(["lkm", tool, f"--kernel=sim:{tmp_path}/none", *operands])
    except MachineError as error:  # lkm.cli.main.run says it
        assert str(error) == f"{tmp_path}/none: no such simulated kernel"
    else:
        assert status == 1


def test_a_kernel_without_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each tool says so, and what there is instead; as golden text."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/version").touch()
    (tmp_path / "fat.ko").write_bytes(build_module("fat"))
    (tmp_path / "lib.o").write_bytes(build_module("fat").replace(b".gnu.linkonce.this_", b".gnu.linkonce.that_"))
    without = partial(LinuxKernel, str(tmp_path / "proc"), str(tmp_path / "sys"))
    for tool in (effects, explain, insmod, list_tool, lsmod, modprobe_run, rmmod, verbs):
        monkeypatch.setattr(tool, "LinuxKernel", without)
    for call in ("init_module", "finit_module", "delete_module"):
        monkeypatch.setattr(syscalls, call, lambda *_: errno.ENOSYS)
    monkeypatch.setattr(absence, "running_has_none", lambda _kernel, base, _release: not base)
    look = partial(Surroundings, str(tmp_path / "proc"), str(tmp_path / "sys"), str(tmp_path), str(tmp_path / "kmsg"))
    monkeypatch.setattr(evidence, "Surroundings", look)
    monkeypatch.delenv("LKM_KERNEL", raising=False)
    monkeypatch.chdir(tmp_path)
    calls = "lsmod|insmod fat.ko|insmod lib.o|rmmod fat|rmmod -f fat|modprobe fat|modprobe -r fat|modprobe ./fat.ko"
    calls += "|modinfo -k 1.0 fat|depmod 1.0|resolve -S 1.0 fat|ksyms|sim show"
    calls += "|load -S 1.0 fat|unload -S 1.0 fat|show -S 1.0 fat|load ./fat.ko|list|effects true"
    told = ""
    for call in calls.split("|"):
        words = call.replace("modprobe", "modprobe -S 1.0 -C /dev/null").split()
        status = main(["lkm", *words])
        out, err = capfd.readouterr()
        told += f"$ lkm {call}\n{out}{err}status {status}\n\n"
    assert told.replace(f"{tmp_path}/proc", "/proc") == GOLDEN.read_text()
    main(["lkm", "explain", "fat.ko"])
    assert (
        "  this kernel cannot load modules at all [no-module-support]\n    seen: there is no /proc"
        in capfd.readouterr().out
    )
