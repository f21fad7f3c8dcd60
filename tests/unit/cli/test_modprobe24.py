"""modprobe on a world that speaks 2.4: the HOWTO's examples, its configuration, its words, safe mode."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.cli import modprobe24
from lkm.cli.main import main
from lkm.cli.sim_new24 import PLACES
from lkm.config.modulesconf import read_conf, text_files
from lkm.config.nouns24 import BUILT_IN, Context
from lkm.errors import UsageError
from lkm.kernel.sim.kernel24 import Kernel24
from lkm.kernel.sim.requests import ENVIRONMENT
from lkm.report.modprobe24 import config_text
from tests.support.modules24 import build

RELEASE = "2.4.2-2"
BASE = f"/lib/modules/{RELEASE}/kernel"


class Desk:
    """A world with the shipped tree; ``err`` and ``out`` are what the last tool said."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.capfd = capfd
        self.out = self.err = ""

    def __call__(self, command: str) -> int:
        status = main(["lkm", *command.split()])
        self.out, self.err = self.capfd.readouterr()
        return status

    def conf(self, text: str) -> None:
        """Write the configuration, as if before depmod ran."""
        path = self.root / "etc/modules.conf"
        path.write_text(text)
        os.utime(path, (1e9, 1e9))

    @property
    def loaded(self) -> str:
        return " ".join([f"{m.name}{'*' if m.flags & 4 else ''}" for m in Kernel24("w").modules24()])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path / "w.root", capfd)
    assert desk("sim new w --dialect 2.4") == 0
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    return desk


def test_the_howtos_examples(desk: Desk) -> None:
    assert desk("modprobe -v msdos") == 0
    assert (desk.out, desk.err) == (
        f"/sbin/insmod {BASE}/fs/fat/fat.o\n/sbin/insmod {BASE}/fs/msdos/msdos.o\n",
        "",
    )
    assert desk("modprobe eth0") == 0
    assert desk.loaded == "3c59x msdos fat"
    assert desk("modprobe -r -v msdos") == 0
    assert desk.out == "# delete msdos\n# delete fat\n"
    assert [desk("modprobe ne"), desk.err, desk.loaded] == [0, "", "ne 8390 3c59x"]
    assert Kernel24("w").parameters("ne") == (("io", "0x300"), ("irq", "11"))
    assert [desk("modprobe -k lp"), desk.loaded] == [0, "lp* parport* ne 8390 3c59x"]
    assert desk("insmod fat") == 0
    assert desk("rmmod fat") == 0
    assert desk(f"insmod {BASE}/fs/fat/fat.o") == 0


def test_show_debug_and_list(desk: Desk) -> None:
    assert desk("modprobe -n -d eth0") == 0
    assert desk.out == (
        f"  /sbin/insmod {BASE}/drivers/net/3c59x.o    asked for as eth0 (/etc/modules.conf:2)\n"
        f"/sbin/insmod {BASE}/drivers/net/3c59x.o\n"
    )
    assert desk.loaded == ""
    assert [desk("modprobe -l -t fs v*"), desk.out] == [0, f"{BASE}/fs/vfat/vfat.o\n"]
    assert [desk("modprobe -l"), len(desk.out.splitlines())] == [0, len(PLACES)]
    desk.conf("probe cd x lp\nabove lp y\nalias y off\n")
    assert desk("modprobe -n -d cd") == 0
    low = f"    /sbin/insmod {BASE}/drivers/parport/parport.o    needed by lp (/lib/modules/{RELEASE}/modules.dep)\n"
    assert desk.out.startswith("  cd: the first of\n    no module x    tried for cd (/etc/modules.conf:1)\n" + low)
    assert "    y: if it can be:\n      no module y    on top of lp (/etc/modules.conf:2)\n" in desk.out


def test_what_cannot_be_located(desk: Desk) -> None:
    assert desk("modprobe lpp") == 1
    first, why, *more = desk.err.splitlines()
    assert first == "modprobe: Can't locate module lpp"
    assert why.startswith("  why: there is no alias for lpp, and there is no file lpp.o below /lib/modules/b")
    assert more == [
        "  Did you mean lp?",
        "  If a module serves it, say so in /etc/modules.conf: alias lpp MODULE",
    ]
    desk.conf("alias eth1 eepro\nalias eth2 off\n")
    assert desk("modprobe eth1") == 1
    assert desk.err.startswith(
        "modprobe: Can't locate module eth1\n"
        "  why: eth1 means eepro (/etc/modules.conf:1), and there is no file eepro.o below /lib/modules/boot, "
    )
    assert desk.err.endswith("  If another module serves it, say so in /etc/modules.conf: alias eth1 MODULE\n")
    assert desk("modprobe eth2") == 1
    assert desk.err.startswith("modprobe: Can't locate module eth2\n  why: /etc/modules.conf:2 says 'alias eth2 off'")
    assert [desk("modprobe"), desk.err.split("\n")[0]] == [1, "modprobe: Nothing to load ???"]
    assert [desk("modprobe io=1"), desk.err] == [1, "modprobe: parameter io=1 before any module's name\n"]
    assert [desk("modprobe -r lp"), desk.err.split("\n")[0]] == [1, "modprobe: module lp is not loaded"]
    (desk.root / f"lib/modules/{RELEASE}/modules.dep").unlink()
    assert desk("modprobe lp") == 1
    assert desk.err == (
        f"modprobe: Can't open dependencies file /lib/modules/{RELEASE}/modules.dep (No such file or directory)\n"
        f"  why: depmod writes it, and has not run for this kernel. Run: depmod -a {RELEASE}\n"
    )


def test_a_failed_request_is_undone_and_explained(desk: Desk) -> None:
    desk.conf("alias eth0 ne\n")
    assert desk("modprobe eth0") == 1
    path = f"{BASE}/drivers/net/ne.o"
    assert desk.err.startswith(
        f"{path}: init_module: No such device or address\nHint: insmod errors can be caused by"
    )
    failed = f"{path}: insmod {path} failed\n{path}: insmod eth0 failed\n"
    assert desk.err.endswith(f"{failed}  removed again, as loaded for that only: 8390\n")
    assert "  the kernel log says: ne: You must supply" in desk.err
    assert desk.loaded == ""
    assert [desk("modprobe eth0 io=0x300 irq=5 lp"), desk.loaded] == [0, "lp parport ne 8390"]


def test_probes_and_the_next_file_of_a_name(desk: Desk) -> None:
    desk.conf("probe card ne 3c59x\nprobeall all nothing lp serial\n")
    assert desk("modprobe -v card") == 0
    assert desk.loaded == "3c59x"
    assert desk.out.splitlines()[2:] == ["# delete 8390", f"/sbin/insmod {BASE}/drivers/net/3c59x.o"]
    assert [desk("modprobe -q all"), desk.loaded] == [0, "serial lp parport 3c59x"]
    old = desk.root / "lib/modules/boot/fat.o"
    old.parent.mkdir()
    old.write_bytes(build("fat", '-DRELEASE="2.2.19"'))
    assert desk("modprobe fat") == 0
    assert "/lib/modules/boot/fat.o: kernel-module version mismatch" in desk.err
    assert desk.loaded.startswith("fat ")


def test_commands_and_neighbours(desk: Desk) -> None:
    place = desk.root.parent
    desk.conf(
        f"define OUT {place}/said\nabove lp serial\npre-install parport echo pre >>$OUT\n"
        "post-install parport echo post >>$OUT\npre-remove lp echo away >>$OUT\npost-install serial false\n"
    )
    assert desk("modprobe lp") == 0
    assert desk.loaded == "lp parport"
    assert desk.err == (
        "modprobe: post-install serial failed\n"
        "  why: /etc/modules.conf:6: 'false' left with status 1, so serial is taken out again.\n"
        "  removed again, as loaded for that only: serial\n"
    )
    assert [desk("modprobe -r lp"), desk.loaded] == [0, ""]
    assert (place / "said").read_text() == "pre\npost\naway\n"
    desk.conf("pre-install lp exit 3\n")
    assert [desk("modprobe lp"), desk.loaded] == [1, ""]
    assert "'exit 3' left with status 3, so lp is not loaded." in desk.err


def test_removals_that_cannot_be(desk: Desk) -> None:
    desk("modprobe msdos")
    desk("modprobe vfat")
    assert [desk("modprobe -r fat"), desk.err.split("\n")[0]] == [1, "fat: Device or resource busy"]
    assert [desk("modprobe -r msdos"), desk.err, desk.loaded] == [0, "", "vfat fat"]


def test_autoclean(desk: Desk) -> None:
    said = desk.root.parent / "said"
    desk.conf(f"pre-remove msdos echo gone >{said}\noptions -k lp\n")
    desk("modprobe -k msdos")
    desk("modprobe -k lp")
    assert desk.loaded == "lp parport* msdos* fat*"
    desk("sim mount msdos")
    desk("sim umount msdos")
    assert [desk("modprobe -r"), said.exists()] == [0, False]  # it was used a moment ago
    assert [desk("modprobe -r -v"), desk.loaded] == [0, "lp parport*"]
    assert desk.out == f"sh -c 'echo gone >{said}'\n# delete msdos\n# delete fat\n"
    assert said.read_text() == "gone\n"


def test_the_configuration_is_told_of(desk: Desk) -> None:
    (desk.root / "etc/modules.conf").write_text("optoins ne io=1\n")
    os.utime(desk.root / "etc/modules.conf", (2e9, 2e9))
    assert desk("modprobe fat") == 0
    assert desk.err == (
        "/etc/modules.conf:1: unknown directive 'optoins'\n  optoins ne io=1\n  ^ did you mean 'options'?\n"
        f"Note: /etc/modules.conf is more recent than /lib/modules/{RELEASE}/modules.dep\n"
    )
    assert desk("modprobe -k lp") == 0
    assert "Note" not in desk.err


def test_what_c_prints_is_read_as_the_same(desk: Desk) -> None:
    text = (
        "keep\npath[x]=/x\nadd above a b\nadd above a 'c d'\noptions -k m s=\"a b\"\ndefine V w\n"
        "alias e off\nalias e f\n"
        "post-install m echo $V #\nprobe p a b\nadd prune junk\ninsmod_opt=-Y\nprune one\n"
    )
    desk.conf(text)
    assert desk("modprobe -c") == 0
    context = Context(RELEASE)
    one, two = (read_conf("/m", text_files({"/m": each}), context) for each in (text, desk.out))
    assert two.problems == ()
    assert config_text(one, RELEASE) == config_text(two, RELEASE) == desk.out
    for kind, name in (("above", "a"), ("options", "m"), ("probe", "p")):
        assert [w for w, _ in one.words(kind, name)] == [w for w, _ in two.words(kind, name)]
    own = [d for d in one.directives if d.origin != BUILT_IN]
    assert one.last("alias", "e").words == two.last("alias", "e").words == own[4].words  # type: ignore[union-attr]


def test_other_layouts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules together with the kernel in a subdirectory of /boot (the HOWTO's 5.6), and those of before 2.4."""
    boot = desk.root / "boot/2.4.2-2-mine"
    boot.mkdir()
    for old in (desk.root / f"lib/modules/{RELEASE}/kernel").rglob("*.o"):
        old.rename(boot / old.name)
    desk.conf(f"path[mine]=/boot/`uname -r`-mine\ndepfile=/boot/{RELEASE}-mine/modules.dep\n")
    assert [desk("modprobe lp"), desk.err.split(" (")[0]] == [
        1,
        f"modprobe: Can't open dependencies file /boot/{RELEASE}-mine/modules.dep",
    ]
    assert [desk("depmod -a"), (boot / "modules.dep").exists()] == [0, True]
    assert [desk("modprobe lp"), desk.loaded] == [0, "lp parport"]
    assert [desk("insmod fat"), desk.err] == [0, f"Using {boot}/fat.o\n"]
    (desk.root / "etc/modules.conf").unlink()
    assert desk("insmod vfat") == 1
    text = "  why: there is no such file, nor vfat.o below /lib/modules/boot, /lib/modules/2.4.2-2, /lib/modules/2.4 "
    assert desk.err.split("\n")[1].startswith(text)
    monkeypatch.setenv("MODPATH", f"/none:/boot/{RELEASE}-mine")
    assert desk("insmod vfat") == 0
    monkeypatch.delenv("MODPATH")
    for place in ("net", "misc", f"{RELEASE}/fs"):
        (desk.root / "lib/modules" / place).mkdir(exist_ok=True)
    (boot / "3c59x.o").rename(desk.root / "lib/modules/net/3c59x.o")
    (boot / "serial.o").rename(desk.root / "lib/modules/misc/serial.o")
    (boot / "nfsd.o").rename(desk.root / f"lib/modules/{RELEASE}/fs/nfsd.o")
    assert desk("depmod") == 0
    assert [desk("modprobe -a serial 3c59x nfsd"), desk.loaded[:17]] == [0, "nfsd 3c59x serial"]
    assert [desk("modprobe -l -t net"), desk.out] == [0, "/lib/modules/net/3c59x.o\n"]


def test_safe_mode(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not modprobe24.is_unsafe({**ENVIRONMENT, "USER": "x"})
    assert modprobe24.is_unsafe(ENVIRONMENT)
    assert modprobe24.is_unsafe({**ENVIRONMENT, "LKM_KERNEL": "sim:w"})
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for key, value in {**ENVIRONMENT, "LKM_KERNEL": "sim:w"}.items():
        monkeypatch.setenv(key, value)
    for words in ("-C/etc/x", "io=1", "lp -r", "-- -rlp"):
        assert desk(f"modprobe {words}") == 1, words
        assert desk.err.startswith(f"modprobe: not accepted in safe mode: '{words.split()[-1]}'\n  why: ")
    assert desk("modprobe lp serial") == 1
    assert desk.err.startswith("modprobe: not accepted in safe mode: 'lp'\n  why: there can be one name")
    assert [desk("modprobe l*"), desk.loaded] == [1, ""]
    assert [desk("modprobe -k -- lp"), desk.loaded] == [0, "lp* parport*"]
    desk.conf("if -k\nalias who serial\nendif\n")
    assert [desk("modprobe who"), desk.loaded] == [0, "serial lp* parport*"]
    with pytest.raises(UsageError, match="Nothing to load"):
        modprobe24.trusted(["modprobe"], "modprobe")


NAMES = ("fat", "msdos", "vfat", "lp", "parport_pc", "ne", "serial", "virtual", "eth0")
name = st.sampled_from(NAMES)
line = st.builds(
    lambda kind, one, others: f"{kind} {one} {' '.join(others[:1] if kind == 'alias' else others)}",
    st.sampled_from(("alias", "probe", "probeall", "above", "below")),
    name,
    st.lists(st.sampled_from((*NAMES, "off", "null")), min_size=1, max_size=3),
)
line |= st.sampled_from(("options ne io=0x300", "options lp -o printer", "options -k fat", "install virtual true"))
line |= st.builds(
    "{} {} {}".format,
    st.sampled_from(("pre-install", "post-install", "pre-remove", "post-remove")),
    name,
    st.sampled_from(("true", "false")),
)
call = st.builds("{} {}".format, st.sampled_from(("", "", "-k", "-q", "-r", "-a")), name) | st.just("-r")


scene = st.tuples(st.lists(line, max_size=5).map("\n".join), st.lists(call, min_size=1, max_size=4))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tree that all worlds of a test share."""
    place = tmp_path_factory.mktemp("tree")
    run_quietly(f"sim new {place}/w --dialect 2.4")
    return place / "w.root"


@settings(max_examples=20)
@given(scene)
def test_laws_of_any_configuration(root: Path, scene: tuple[str, list[str]]) -> None:
    check_laws(root, *scene)


@pytest.mark.sweep
@settings(max_examples=1000)
@given(scene)
def test_laws_of_many_configurations(root: Path, scene: tuple[str, list[str]]) -> None:
    check_laws(root, *scene)


def check_laws(root: Path, conf: str, calls: list[str]) -> None:
    """Check: a failed request leaves what was loaded; -n says what -v does; the world stays consistent."""
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place), pytest.MonkeyPatch.context() as patch:
        run_quietly(f"sim new w --dialect 2.4 --tree {root}")
        patch.setenv("LKM_KERNEL", "sim:w")
        (root / "etc/modules.conf").write_text(conf)
        os.utime(root / "etc/modules.conf", (1e9, 1e9))
        kernel = Kernel24("w")
        for words in calls:
            before = {module.name for module in kernel.modules24()}
            _, foreseen, _ = run_quietly(f"modprobe -n {words}")
            assert {module.name for module in kernel.modules24()} == before
            status, done, said = run_quietly(f"modprobe -v {words}")
            after = {module.name for module in kernel.modules24()}
            assert kernel.world.check() == ()
            if "-r" in words:
                assert after <= before
            elif status:
                assert after == before
            else:
                assert after >= before
            if not said and "-r" not in words:
                assert foreseen == done
        kernel.world.close()


def run_quietly(command: str) -> tuple[int, str, str]:
    """Run a tool in this process; return its status, what it printed, and its complaints."""
    out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["lkm", *command.split()])
    return status, out.buffer.getvalue().decode(), err.getvalue()
