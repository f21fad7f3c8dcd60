"""Requests for aliases, answered on a simulated kernel: for the kernel's helper, and by policy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.autoload.nouns import ALLOW, AUDIT, DENY, KERNEL, Entry, Outcome, Request
from lkm.cli import depmod, kernelhelper, policy, policyworld, sim
from lkm.cli.main import main
from lkm.cli.serve import serve
from lkm.kernel.interface import Outcome as KernelOutcome
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.names import ModuleName
from lkm.plan.resolve import World
from lkm.system import configfiles
from lkm.system.history import History
from lkm.system.world import open_world
from tests.support import schema
from tests.support.elfwriter import build_module
from tests.support.signing import Signer
from tests.support.trees import debian_modules

#: Modules that are built for another kernel.
BAD = ("odd", "oddfat", "two")
Ask = Callable[[str], Entry | None]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "tree/lib/modules/1.0"
    place.mkdir(parents=True)
    for name, exports, needs, alias in (
        ("fat", ["fat_scan"], [], "fat"),
        ("msdos", [], ["fat_scan"], "fs-msdos"),
        ("odd", [], [], "fs-odd"),
        ("oddfat", [], ["fat_scan"], "fs-oddfat"),
        ("one", [], [], "net-pf-9"),
        ("two", [], [], "net-pf-9"),
        ("three", [], [], "net-pf-3"),
    ):
        info = [
            ("license", "GPL"),
            ("vermagic", "1.0 " if name not in BAD else "2.0 "),
            ("intree", "Y"),
            ("alias", alias),
        ]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    (place / "modules.builtin").write_text("kernel/fs/ext4.ko\n")
    assert depmod.main(["depmod", "-b", str(tmp_path / "tree"), "1.0"]) == 0
    return tmp_path / "tree"


@pytest.fixture
def kernel(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatedKernel:
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--tree", str(tree)]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    return SimulatedKernel(f"{tmp_path}/w")


def world(tree: Path, tmp_path: Path, config: str = "") -> World:
    (tmp_path / "modprobe.conf").write_text(config)
    return open_world(str(tree), "1.0", (str(tmp_path / "modprobe.conf"),), "")[0]


@pytest.mark.parametrize(
    ("alias", "config", "status", "cause", "modules", "text"),
    [
        ("fs-msdos", "", 0, "done", ("fat", "msdos"), ""),
        ("fs_msdos", "", 0, "done", ("fat", "msdos"), ""),
        ("msdos", "", 0, "done", ("fat", "msdos"), ""),
        ("fs-x", "", 3, "not-found", (), "no module or alias fs-x in TREE"),
        ("./msdos", "", 3, "not-found", (), "no module or alias ./msdos in TREE"),
        ("ext4", "", 0, "done", (), ""),
        ("fs-odd", "", 11, "version", (), "could not insert 'odd': Exec format error"),
        ("fs-oddfat", "", 11, "version", (), "could not insert 'oddfat': Exec format error"),
        ("net-pf-9", "", 0, "done", ("one",), "could not insert 'two': Exec format error"),
        ("fs-msdos", "blacklist msdos", 4, "blacklisted", (), "msdos is blacklisted: "),
        ("fs-msdos", "forbid fat because old", 5, "forbidden", (), "could not insert 'msdos': "),
        ("fs-msdos", "install msdos exit 3", 9, "command", (), "could not insert 'msdos': "),
    ],
)
def test_an_alias_is_served(
    alias: str,
    config: str,
    status: int,
    cause: str,
    modules: tuple[str, ...],
    text: str,
    tree: Path,
    tmp_path: Path,
    kernel: SimulatedKernel,
) -> None:
    outcome = serve(alias, world(tree, tmp_path, config), kernel)
    assert (outcome.status, outcome.cause, outcome.modules) == (status, cause, modules)
    assert outcome.text.startswith(text.replace("TREE", f"{tree}/lib/modules/1.0"))
    assert outcome.seconds > 0
    assert {m.name for m in kernel.state().modules} == set(modules)


def test_what_is_there_is_served_without_loading(tree: Path, tmp_path: Path, kernel: SimulatedKernel) -> None:
    here = world(tree, tmp_path)
    assert serve("fs-msdos", here, kernel).modules == ("fat", "msdos")
    again = serve("fs-msdos", here, kernel)
    assert (again.status, again.cause, again.modules) == (0, "done", ())


def test_what_an_alias_means(tree: Path, tmp_path: Path) -> None:
    here = world(tree, tmp_path, "blacklist one\n")
    assert policyworld.meaning("fs-msdos", here)._values() == (("msdos",), ("fat",))
    assert policyworld.meaning("net-pf-9", here).modules == (ModuleName("two"),)
    assert policyworld.meaning("nothing", here)._values() == ((), ())


def test_the_state_of_a_signature(tree: Path, tmp_path: Path) -> None:
    file = tree / "lib/modules/1.0/one.ko"
    file.write_bytes(file.read_bytes() + b"~Module signature appended~\n")
    here = world(tree, tmp_path)
    states = policyworld.Signatures(lambda: here)
    assert [states.state(name) for name in ("fat", "one", "nothing")] == ["unsigned", "unverified", "unverified"]


@pytest.fixture
def ask(tree: Path, tmp_path: Path, kernel: SimulatedKernel, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what calls the helper as the kernel does, and returns what it recorded."""
    monkeypatch.setenv("LKM_HISTORY", str(tmp_path / "history"))
    monkeypatch.setattr(kernelhelper, "LinuxKernel", lambda: kernel)
    monkeypatch.setattr(kernelhelper._Helper, "world", lambda self: world(tree, tmp_path))
    monkeypatch.setattr(configfiles, "DIRECTORIES", (str(tmp_path / "etc"),))

    def call(name: str) -> Entry | None:
        status = kernelhelper.main(name, str(tmp_path / "socket"))
        entry = list(History().read())[-1]
        assert entry.request == Request(name, KERNEL, entry.request.at)
        assert entry.outcome and entry.outcome.status == status
        return entry

    return call


def rules(tmp_path: Path, text: str) -> None:
    (tmp_path / "etc/lkm/autoload.d").mkdir(parents=True, exist_ok=True)
    (tmp_path / "etc/lkm/autoload.d/x.conf").write_text(text)


def test_the_helper_loads_and_records(ask: Ask) -> None:
    entry = ask("fs-msdos")
    assert entry and entry.outcome and entry.verdict.word == ALLOW
    assert (entry.outcome.cause, entry.outcome.modules) == ("done", ("fat", "msdos"))
    entry = ask("fs-x")
    assert entry and entry.outcome and (entry.outcome.cause, entry.outcome.status) == ("not-found", 3)


@pytest.mark.parametrize("name", ["-r", "msdos=1", "m*"])
def test_the_helper_passes_no_unsafe_name_on(name: str, ask: Ask, kernel: SimulatedKernel) -> None:
    entry = ask(name)
    assert entry and entry.verdict.word == DENY and "which is refused" in entry.verdict.reason
    assert not kernel.state().modules


def test_the_helper_keeps_to_policy(ask: Ask, tmp_path: Path, kernel: SimulatedKernel) -> None:
    rules(tmp_path, "deny module fat because old\naudit alias net-pf-*\nallow form x\n")
    entry = ask("fs-msdos")
    assert entry and entry.outcome and (entry.verdict.word, entry.outcome.cause) == (DENY, "forbidden")
    assert str(entry.verdict.origin) == f"{tmp_path}/etc/lkm/autoload.d/x.conf:1"
    entry = ask("net-pf-3")
    assert entry and entry.verdict.word == AUDIT
    assert not kernel.state().modules


def test_the_daemon_is_asked_first(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lkm.system import client

    answers: list[Outcome | None] = [Outcome(7, "builtin"), None]
    monkeypatch.setattr(client, "ask", lambda alias, seconds, kernel, path: answers.pop(0))
    (tmp_path / "socket").touch()
    assert kernelhelper.main("fs-msdos", str(tmp_path / "socket")) == 7
    assert not (tmp_path / "history").exists()  # whoever handles it records it
    assert ask("fs-msdos") and not answers


def test_what_cannot_be_recorded_fails_nothing(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: SimulatedKernel
) -> None:
    monkeypatch.setenv("LKM_HISTORY", f"{tmp_path}/w/history")  # below a file
    assert kernelhelper.main("fs-msdos", str(tmp_path / "socket")) == 0
    assert {m.name for m in kernel.state().modules} == {"fat", "msdos"}


def test_policy_tells_which_line_decides(
    ask: Ask, tree: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules(tmp_path, "# by us\ndeny module fat because old\nallow from user uid 7\n")
    file = f"{tmp_path}/etc/lkm/autoload.d/x.conf"
    assert policy.main(["policy", "fs-msdos", "nothing"]) == 1
    assert capfd.readouterr().out == (
        f"fs-msdos (means msdos): deny: fs-msdos is denied because old ({file}:2: deny module fat because old)\n"
        "nothing (means nothing): allow: no rule fits\n"
    )
    assert policy.main(["policy", "--uid", "7", "net-pf-3"]) == 0
    assert policy.main(["policy", "--uid", "8", "net-pf-3"]) == 1
    assert policy.main(["policy", "--requester", "me", "x"]) == 2
    assert policy.main(["policy", "--uid", "me", "x"]) == 2
    capfd.readouterr()
    assert policy.main(["policy"]) == 0
    assert capfd.readouterr().out == f"{file}:2: deny module fat because old\n{file}:3: allow from user uid 7\n"
    assert main(["lkm", "policy", "--json", "fs-msdos"]) == 1
    answer = schema.check(capfd.readouterr().out)
    assert (answer["requests"][0]["verdict"], answer["requests"][0]["needs"]) == ("deny", ["fat"])
    rules(tmp_path, "dney\n")
    assert main(["lkm", "policy", "--json"]) == 0
    out, err = capfd.readouterr()
    assert schema.check(out)["rules"] == []
    assert "unknown directive 'dney'" in err and "did you mean 'deny'?" in err
    assert json.loads(out)["problems"][0]["origin"] == {"file": file, "line": 1}


def test_signatures_are_verified_by_the_kernels_image(tmp_path: Path) -> None:
    """Debian's modules: as they are, changed after they were signed, stripped of it; and for other keys."""
    root, release = debian_modules()
    place = tmp_path / "lib/modules" / release
    place.mkdir(parents=True)
    found = {path.name: path.read_bytes() for path in (root / "lib/modules" / release).rglob("fs/fat/*.ko")}
    (place / "fat.ko").write_bytes(found["fat.ko"])
    (place / "vfat.ko").write_bytes(found["vfat.ko"].replace(b"GPL", b"MIT"))
    (place / "msdos.ko").write_bytes(found["msdos.ko"][: -len(b"~Module signature appended~\n")])
    assert depmod.main(["depmod", "-b", str(tmp_path), release]) == 0
    here = open_world(str(tmp_path), release, (os.devnull,), "")[0]
    image = str(root / f"boot/vmlinuz-{release}")
    states = policyworld.Signatures(lambda: here, image)
    assert [states.state(name) for name in ("fat", "vfat", "msdos")] == ["known-key", "bad", "unsigned"]
    foreign = policyworld.Signatures(lambda: here, image)
    foreign._certificates = (Signer("somebody").certificate,)
    assert foreign.state("fat") == "unknown-key"
    assert policyworld.Signatures(lambda: here, f"{image}.none").state("fat") == "unverified"


def test_what_went_meanwhile_is_loaded_again(kernel: SimulatedKernel, tree: Path) -> None:
    """Another request takes fat out again just when msdos is to go in, once."""
    world = open_world(str(tree), "1.0", (), "")[0]
    assert serve("fat", world, kernel).modules == ("fat",)
    insert = kernel.load

    def unlucky(path: str, parameters: str = "", flags: int = 0) -> KernelOutcome:
        kernel.load = insert  # type: ignore[method-assign]
        kernel.unload("fat")
        return insert(path, parameters, flags)

    kernel.load = unlucky  # type: ignore[method-assign]
    outcome = serve("fs-msdos", world, kernel)
    assert (outcome.cause, outcome.modules) == ("done", ("fat", "msdos"))
