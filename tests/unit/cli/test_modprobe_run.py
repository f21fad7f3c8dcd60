"""modprobe as a whole on a tree of files, with a kernel that answers as told."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.failure import Explainer
from lkm.config.parameters import joined
from lkm.index.triewriter import value_block, write_trie
from lkm.kernel.interface import Done, Outcome, Refused
from lkm.kernel.linux import LinuxKernel
from lkm.manager.explainer import Told
from lkm.names import ModuleName
from lkm.state.nouns import KernelState, LoadedModule
from lkm.system.interrupts import NAMES
from tests.support.modprobe import our_words

NEEDS = {"fat": "", "msdos": "fat", "vfat": "fat", "loop": ""}
DONE = Done("finit_module")


class FakeKernel(LinuxKernel):
    """Holds modules and counts their users; refuses what it is told to, and notes all it is asked."""

    def __init__(self, **users: int) -> None:
        super().__init__("/nowhere", "/nowhere", os.devnull)
        self.users = users
        self.refuses: dict[str, int] = {}
        self.asked: list[tuple[str, ...]] = []
        self.at_loading: Callable[[], None] = lambda: None

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        name = Path(path).stem
        self.asked.append(("load", name, parameters, str(flags)))
        self.at_loading()
        if name in self.refuses:
            return Refused("finit_module", self.refuses[name])
        self.users[name] = 0
        for need in NEEDS[name].split():
            self.users[need] += 1
        return DONE

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        self.asked.append(("unload", name, "force" if force else ""))
        if name in self.refuses:
            return Refused("delete_module", self.refuses[name])
        del self.users[name]
        for need in NEEDS[name].split():
            self.users[need] -= 1
        return Done("delete_module")

    def state(self) -> KernelState:
        return KernelState(tuple(LoadedModule(ModuleName(n), 1, count) for n, count in self.users.items()))


class Tool:
    """Calls modprobe on the tree, and keeps what it said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / "lib/modules/1"
        self.kernel = FakeKernel()
        self.out = self.err = ""

    def __call__(self, *arguments: str, config: str = "") -> int:
        (self.root / "x.conf").write_text(config)
        where = ["-d", str(self.root), "-S", "1", "-C", str(self.root / "x.conf")]
        (status, out), self.err = our_words([*where, *arguments], self.kernel)
        self.out = out.decode("utf-8", "surrogateescape").replace(f"{self.directory}/", "")
        return status


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    directory = tmp_path / "lib/modules/1"
    directory.mkdir(parents=True)
    lines = {name: f"{name}.ko: {' '.join(f'{n}.ko' for n in needs.split())}" for name, needs in NEEDS.items()}
    blocks = {name.encode(): value_block([(0, line.encode())]) for name, line in lines.items()}
    (directory / "modules.dep.bin").write_bytes(write_trie(blocks))
    (directory / "modules.alias.bin").write_bytes(write_trie({b"both": value_block([(0, b"vfat"), (1, b"msdos")])}))
    (directory / "modules.builtin.bin").write_bytes(write_trie({b"ext4": value_block([(0, b"")])}))
    for name in NEEDS:
        (directory / f"{name}.ko").touch()
    monkeypatch.setattr(Explainer, "load", lambda _, refused, path, *__, **___: Told((f"why {Path(path).name}",)))
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)
    return Tool(tmp_path)


def test_loading_does_what_a_dry_run_prints(tool: Tool) -> None:
    assert tool("-n", "-v", "msdos", "a=1") == 0
    assert tool.out == "insmod fat.ko \ninsmod msdos.ko a=1\n"
    assert tool.kernel.asked == []
    foreseen = tool.out
    assert tool("-v", "msdos", "a=1") == 0
    assert tool.out == foreseen
    assert tool.kernel.asked == [("load", "fat", "", "0"), ("load", "msdos", "a=1", "0")]
    assert tool("-v", "-f", "vfat") == 0
    assert tool.kernel.asked[2:] == [("load", "vfat", "", "3")]
    assert (tool("-v", "vfat"), tool.out, tool.err) == (0, "", "")


def test_kmods_words_for_a_refusal_then_ours(tool: Tool) -> None:
    tool.kernel.refuses = {"fat": errno.ENOEXEC}
    assert tool("msdos") == 1
    assert tool.err == (
        "modprobe: ERROR: could not insert 'msdos': Exec format error\n"
        f"  fat was refused (Exec format error): needed by msdos ({tool.directory}/modules.dep)\n"
        "  why fat.ko\n"
    )
    assert tool("-q", "msdos") == 1
    assert tool.err == ""
    assert tool("loop", config="softdep loop pre: fat") == 0
    assert tool.err == ""


def test_one_of_several_modules_that_fails_gives_the_status(tool: Tool) -> None:
    tool.kernel.refuses = {"vfat": errno.EINVAL}
    assert tool("both") == 1
    assert tool.err.startswith("modprobe: ERROR: could not insert 'vfat': Invalid argument\n")
    tool.kernel.refuses = {"msdos": errno.EINVAL}
    tool.kernel.users.clear()
    assert tool("both") == 1


CURE = "    cure: look for names that are like it: `grep -i nosuch {}/modules.dep`\n"
ABSENT = "  no module and no alias is named nosuch [not-found]\n" + CURE


def test_all_goes_on(tool: Tool) -> None:
    assert tool("-a", "nosuch", "loop") == 1
    line = f"modprobe: WARNING: Module nosuch not found in directory {tool.directory}\n"
    assert tool.err == line + ABSENT.format(tool.directory)
    assert tool("-a", "-R", "both", "nosuch", "ext4") == 1
    assert tool.out == "vfat\nmsdos\next4\n"
    assert list(tool.kernel.users) == ["loop"]


def test_first_time(tool: Tool) -> None:
    assert tool("--first-time", "loop") == 0
    assert tool("loop") == 0
    for dry in ((), ("-n",)):
        assert tool("--first-time", *dry, "loop") == 1
        assert tool.err == "modprobe: ERROR: could not insert 'loop': Module already in kernel\n"
    assert tool("-r", "--first-time", "loop") == 0
    assert tool("-r", "loop") == 0
    assert tool("-r", "--first-time", "loop") == 1
    assert tool.err.startswith("modprobe: FATAL: Module loop is not in kernel.\n  no module named 'loop' is")


def test_show_depends_is_as_for_an_empty_kernel(tool: Tool) -> None:
    tool.kernel = FakeKernel(fat=1, msdos=0)
    for more in ((), ("--first-time",)):
        assert tool("-D", *more, "msdos") == 0
        assert tool.out == "insmod fat.ko \ninsmod msdos.ko \n"
        assert (tool("-D", *more, "ext4"), tool.out) == (0, "builtin ext4\n")


def test_one_loaded_meanwhile_is_fine(tool: Tool) -> None:
    tool.kernel.refuses = {"fat": errno.EEXIST, "msdos": errno.EEXIST}
    assert tool("msdos") == 0
    assert tool("--first-time", "msdos") == 1


def test_no_file(tool: Tool) -> None:
    assert tool("x", config="alias x nosuch") == 1
    assert tool.err == (
        "modprobe: ERROR: could not insert 'nosuch': Unknown symbol in module, or unknown parameter\n"
        f"  nosuch has no file: asked for as x ({tool.root}/x.conf:1)\n"
    ) + ABSENT.format(tool.directory)
    (tool.directory / "fat.ko").unlink()
    assert tool("-n", "-v", "msdos") == 0
    assert tool.out == "insmod msdos.ko \n"
    assert "msdos: needs" in tool.err


def test_a_path_is_loaded_as_it_is(tool: Tool) -> None:
    path = tool.root / "msdos.ko"
    assert tool(str(path)) == 1
    assert tool.err == f"modprobe: FATAL: Failed to get module from path {path}: No such file or directory\n"
    path.touch()
    assert tool("-D", str(path), "x") == 0
    assert tool.out == f"insmod fat.ko \ninsmod {path} x\n"
    assert tool("-R", str(path)) == 0
    assert tool.out == "msdos\n"


def test_install_commands_run_in_the_place_of_loading(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tool.root / "note"
    config = f'install loop echo "$MODPROBE_MODULE|$MODPROBE_OPTIONS|$CMDLINE_OPTS" >> {note}\noptions loop a=1'
    assert tool("-n", "-v", "loop", config=config) == 0
    assert not note.exists()
    assert tool("-v", "loop", "b=2", config=config) == 0
    assert note.read_text() == f"loop|-C {tool.root}/x.conf -v|a=1 b=2\n"
    assert tool("-i", "loop", config=config) == 0
    assert tool.kernel.asked == [("load", "loop", "a=1 ", "0")]


def test_a_failing_command(tool: Tool) -> None:
    assert tool("loop", config="install loop exit 3") == 1
    assert tool.err == (
        "modprobe: ERROR: Error running install command 'exit 3' for module loop: retcode 3\n"
        "modprobe: ERROR: could not insert 'loop': Invalid argument\n"
        f"  the install command of loop ({tool.root}/x.conf:1) has failed with status 3: `exit 3` [install-command]\n"
        "    risky: ignore the command, in this one call: `lkm modprobe --ignore-install loop`\n"
    )
    assert tool("-r", "loop", config="remove loop exit 3") == 1
    assert tool.err.startswith("modprobe: FATAL: Error running remove command for loop\n  the remove command of loop")


def test_a_bad_line_is_shown_with_a_caret_and_the_rest_counts(tool: Tool) -> None:
    assert tool("-n", "-v", "loop", config="optoins fat a=1\noptions loop b=2\n") == 0
    assert tool.out == "insmod loop.ko b=2 \n"
    assert tool.err == (
        f"modprobe: WARNING: {tool.root}/x.conf:1: unknown directive 'optoins'\n"
        "  optoins fat a=1\n"
        "  ^ did you mean 'options'?\n"
    )


def test_a_blacklisted_module_is_told_with_who_said_so(tool: Tool) -> None:
    assert tool("-b", "loop", config="\nblacklist loop") == 0
    assert tool.err == f"modprobe: WARNING: Module loop is blacklisted, and not loaded: {tool.root}/x.conf:2\n"
    assert tool("both", config="blacklist vfat\nblacklist msdos") == 0
    assert tool.err.count("is blacklisted, and not loaded") == 2
    assert tool("-q", "-b", "loop", config="blacklist loop") == 0
    assert tool.err == ""


def test_the_blacklist_is_no_failure(tool: Tool) -> None:
    assert tool("-b", "loop", config="blacklist loop") == 0
    assert tool.kernel.asked == []


def test_removing_takes_what_is_unused_then(tool: Tool) -> None:
    tool.kernel = FakeKernel(fat=1, msdos=0)
    assert tool("-r", "-n", "-v", "msdos") == 0
    # As kmod: what would be unused once msdos is gone is not imagined.
    assert tool.out == "rmmod msdos\n"
    assert tool("-r", "-v", "msdos") == 0
    assert tool.out == "rmmod msdos\nrmmod fat\n"
    assert tool.kernel.users == {}


def test_removing_what_is_in_use(tool: Tool) -> None:
    tool.kernel = FakeKernel(fat=1, msdos=0, loop=0)
    assert tool("-r", "fat", "loop") == 1
    first, second, third = tool.err.splitlines()
    assert first == "modprobe: FATAL: Module fat is in use."
    assert second == "  fat is in use by 1 user that is no module [in-use]"
    assert third.startswith("    seen: every mount, open device or socket")
    assert tool.kernel.asked == []
    assert tool("-r", "-q", "fat", "loop") == 1
    assert tool.kernel.asked == [("unload", "loop", "")]
    assert tool("-r", "ext4") == 1
    assert tool.err.startswith("modprobe: FATAL: Module ext4 is builtin.\n  ")
    assert tool("-r", "nosuch") == 1
    assert tool.err == f"modprobe: FATAL: Module nosuch not found.\n{ABSENT.format(tool.directory)}"


def test_the_kernel_refuses_to_remove(tool: Tool) -> None:
    tool.kernel = FakeKernel(loop=0)
    tool.kernel.refuses = {"loop": errno.EBUSY}
    assert tool("-r", "-f", "loop") == 1
    assert tool.err.startswith("modprobe: ERROR: could not remove 'loop': Device or resource busy\n")
    assert tool.kernel.asked == [("unload", "loop", "force")]


def test_waiting_tries_again(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.kernel = FakeKernel(loop=1)
    tool.kernel.refuses = {"loop": errno.EAGAIN}
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert tool("-r", "-w", "10", "loop") == 1
    assert slept == [0.001, 0.002, 0.004, 0.003]


def test_bad_lines_are_told_of_but_not_those_of_the_kernels_own_files(tool: Tool) -> None:
    (tool.directory / "modules.softdep").write_text("softdep fat x y\n")
    assert tool("loop", config="optoins loop a=1") == 0
    assert tool.err.startswith(f"modprobe: WARNING: {tool.root}/x.conf:1: ")
    assert "modules.softdep" not in tool.err
    assert tool("-vv", "-n", "loop") == 0
    assert "modules.softdep" in tool.err


def test_a_broken_index_is_told_of(tool: Tool) -> None:
    (tool.directory / "modules.dep.bin").write_bytes(b"garbage" * 9)
    assert tool("loop") == 1
    first, second, third, *_ = tool.err.splitlines()
    assert first.startswith(f"modprobe: WARNING: {tool.directory}/modules.dep.bin: ")
    assert second == f"modprobe: FATAL: Module loop not found in directory {tool.directory}"
    assert third.startswith(f"  the indexes of {tool.directory} are not right: ") and "[bad-index]" in third


def test_no_modules_at_all_in_the_kernel(tool: Tool) -> None:
    class Modular(FakeKernel):
        state = LinuxKernel.state

    tool.kernel = Modular()
    assert tool("-n", "-v", "msdos") == 0
    assert tool.out == "insmod fat.ko \ninsmod msdos.ko \n"
    tool.kernel.refuses = {"loop": errno.ENOSYS}
    assert tool("loop") == 1
    assert tool.err.startswith("modprobe: ERROR: could not insert 'loop': Function not implemented\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["a=1", "b"], "a=1 b"),
        (["a=b c"], 'a="b c"'),
        (["a='b c'"], "a='b c'"),
        (['a="b', "a b"], 'a="b a b'),
        (["a= b"], 'a=" b"'),
    ],
)
def test_parameters(words: list[str], text: str) -> None:
    assert joined(words) == text


@pytest.mark.parametrize("word", ["fat", "msdos", "both", "my-alias"])
def test_forbid_refuses_names_aliases_and_dependencies_before_anything_is_loaded(tool: Tool, word: str) -> None:
    config = "alias my-alias vfat\nforbid f?t because it is old\ninstall fat true"
    assert tool(word, config=config) == 1
    assert tool.kernel.asked == []
    assert f"  fat is forbidden by {tool.root}/x.conf:2, because it is old [forbidden]\n" in tool.err
    assert ("  fat is needed by " in tool.err) == (word != "fat")
    assert tool("-D", word, config=config) == 1
    assert tool.out == ""
    assert tool("--override-forbid", "msdos", config="forbid fat") == 0
    assert [call[1] for call in tool.kernel.asked] == ["fat", "msdos"]


def test_what_is_forbidden_and_loaded_already_stops_nobody(tool: Tool) -> None:
    tool.kernel = FakeKernel(fat=0)
    assert tool("msdos", config="forbid fat") == 0
    assert tool("fat", config="forbid fat") == 0
    assert tool.kernel.asked == [("load", "msdos", "", "0")] and tool.err == ""
    assert tool("-D", "msdos", config="forbid fat") == 1


def test_a_forbidden_softdep_is_passed_over(tool: Tool) -> None:
    assert tool("loop", config="softdep loop pre: msdos\nforbid fat") == 0
    assert [call[1] for call in tool.kernel.asked] == ["loop"]
    assert f"{tool.root}/x.conf:2: fat is forbidden; passed over msdos, softdep (pre) of loop" in tool.err


def test_forbid_that_cannot_be_read(tool: Tool) -> None:
    assert tool("-n", "-v", "loop", config="forbid fat why\nforbid fat because\nforbid") == 0
    assert tool.out == "insmod loop.ko \n"
    assert tool.err.count("the form is: forbid MODULE [because TEXT]") == 3
    assert "'why' stands where 'because' would\n  forbid fat why\n             ^ the form" in tool.err


def test_a_failed_request_leaves_nothing_behind(tool: Tool) -> None:
    tool.kernel.refuses = {"msdos": errno.EINVAL}
    assert tool("msdos") == 1
    assert tool.kernel.users == {} and "  removed again, as loaded for msdos only: fat\n" in tool.err
    assert tool("--keep-partial", "msdos") == 1
    assert tool.kernel.users == {"fat": 0} and "removed again" not in tool.err
    assert tool("msdos") == 1
    assert tool.kernel.users == {"fat": 0}  # it was there before


def test_what_another_uses_by_then_stays(tool: Tool) -> None:
    tool.kernel.refuses = {"msdos": errno.EINVAL}
    tool.kernel.at_loading = lambda: tool.kernel.users.update(fat=1) if "fat" in tool.kernel.users else None
    assert tool("msdos") == 1
    assert tool.kernel.users == {"fat": 1} and "removed again" not in tool.err
    assert tool.err.endswith("  loaded for msdos, and left in, as in use by now: fat\n")


def test_commands_are_not_undone_and_that_is_said(tool: Tool) -> None:
    tool.kernel.refuses = {"msdos": errno.EINVAL}
    assert tool("msdos", config="install fat true") == 1
    assert tool.err.endswith("  what install commands did cannot be undone\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_request_which_is_undone(tool: Tool, number: signal.Signals) -> None:
    before = [signal.getsignal(n) for n in NAMES]
    tool.kernel.at_loading = lambda: os.kill(os.getpid(), number)
    assert tool("-a", "msdos", "loop") == 128 + number
    assert [call[:2] for call in tool.kernel.asked] == [("load", "fat"), ("unload", "fat")]
    assert tool.err == (
        f"modprobe: ERROR: loading 'msdos' was ended by {number.name}\n"
        "  removed again, as loaded for msdos only: fat\n"
    )
    assert [signal.getsignal(n) for n in NAMES] == before
    assert tool("--keep-partial", "msdos") == 128 + number
    assert tool.kernel.users == {"fat": 0}


def test_ctrl_c_in_a_command_ends_that_and_the_request(tool: Tool) -> None:
    assert tool("msdos", config="install msdos kill -INT $$") == 130
    assert tool.kernel.users == {} and "removed again, as loaded for msdos only: fat" in tool.err
