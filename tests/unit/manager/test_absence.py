"""What was found on disk reaches the words."""

from pathlib import Path

import pytest

from lkm.cli.depmod import main as depmod
from lkm.cli.main import main
from lkm.kernel.linux import LinuxKernel
from lkm.manager.absence import explain
from tests.support.elfwriter import build_module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a root with one module, not yet indexed."""
    directory = tmp_path / "usr/lib/modules/6.1"
    directory.mkdir(parents=True)
    (directory / "msdos.ko").write_bytes(build_module(name="msdos"))
    return tmp_path


def test_each_state_of_a_tree(tree: Path) -> None:
    there = str(tree)
    (tree / "usr/lib/modules/6.1/snd-hda-intel.ko").write_bytes(build_module(name="snd_hda_intel"))
    assert "no modules are installed for this kernel 6.2" in explain(LinuxKernel(), "x", there, "6.2")[0]
    cure = f"  cure: index the tree again: `lkm depmod -b {tree} 6.1`"
    assert cure in explain(LinuxKernel(), "x", there, "6.1")
    assert depmod(["depmod", "-b", there, "6.1"]) == 0
    for word, near in (("msods", "msdos"), ("msdos.ko.xz", "msdos"), ("snd-hda-intl", "snd_hda_intel")):
        assert f"did you mean '{near}'?" in explain(LinuxKernel(), word, there, "6.1")[0]
    assert "did you mean" not in explain(LinuxKernel(), "pci:v00msdos", there, "6.1")[0]
    assert explain(LinuxKernel(), "", there, "6.1")[0].startswith("no module and no alias is named any module")
    (tree / "usr/lib/modules/6.1/modules.dep.bin").write_bytes(b"")
    assert "modules.dep.bin is empty [bad-index]" in explain(LinuxKernel(), "msdos", there, "6.1")[0]


@pytest.mark.parametrize("tool", [["modprobe", "-n", "-d"], ["modinfo", "-b"]])
def test_tools_say_it_after_their_classic_line(
    tree: Path, tool: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    release = ["-S" if tool[0] == "modprobe" else "-k", "6.1"]
    assert main(["lkm", *tool, str(tree), *release, "msdos"]) == 1
    said = capfd.readouterr().err.splitlines()
    assert "not found" in said[0]
    assert f"    cure: index the tree again: `lkm depmod -b {tree} 6.1`" in said


def test_quiet_modprobe_says_nothing(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "modprobe", "-q", "-n", "-d", str(tree), "-S", "6.1", "msdos"]) == 1
    assert capfd.readouterr().err == ""


def test_modinfo_tells_a_missing_file_from_one_that_is_no_module(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no module\n")
    assert main(["lkm", "modinfo", f"{tmp_path}/x.ko", f"{tmp_path}/text"]) == 1
    said = capfd.readouterr().err.splitlines()
    assert said[1] == f"  there is no file {tmp_path}/x.ko"
    assert "ends in .ko, .ko.gz" in said[3]
