"""The front door: what programs see of it, its page, and that it costs nothing to import."""

from __future__ import annotations

import doctest
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import lkm
from lkm.cli.depmod import main as depmod
from lkm.cli.main import main
from lkm.kernel.sim.kernel24 import create_world
from lkm.kernel.sim.world import World
from lkm.manager.manager import text_of
from tests.support.demo import RELEASE, demo_world
from tests.support.elfwriter import build_module

PAGE = Path(__file__).parents[3] / "docs/api.md"


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[lkm.Manager]:
    demo_world(tmp_path)
    monkeypatch.chdir(tmp_path)
    with lkm.Manager.open("sim:demo.world", config=[f"{tmp_path}/conf"]) as manager:
        yield manager


def configure(text: str) -> None:
    Path("conf").write_text(text)


def world(statement: str) -> None:
    opened = World("demo.world")
    with opened.change():
        opened.db.execute(statement)
    opened.close()


def test_the_page_says_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo_world(tmp_path)
    monkeypatch.chdir(tmp_path)
    text = "".join([block for block in PAGE.read_text().split("```pycon\n")[1:] for block in [block.split("```")[0]]])
    test = doctest.DocTestParser().get_doctest(text, {}, "api.md", str(PAGE), 0)
    assert len(test.examples) > 15
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test)
    assert runner.failures == 0


def test_import_is_cheap_and_all_names_are_there() -> None:
    code = "import sys; old = set(sys.modules); import lkm; print(len(set(sys.modules) - old), lkm.__all__)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.startswith("1 ")
    for name in lkm.__all__:
        assert getattr(lkm, name)
    with pytest.raises(AttributeError, match="no attribute 'Manger'"):
        _ = lkm.Manger  # type: ignore[attr-defined]


def test_opening_and_planning_import_little() -> None:
    """What runs in no request is not imported: neither rules nor what reads images, nor libraries."""
    code = "import sys, lkm; m = lkm.Manager.open(); m.resolve('x'); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    imported = out.split()
    assert "lkm.plan.resolve" in imported
    assert {"re", "typing", "dataclasses", "sqlite3", "json", "subprocess"} & set(imported) == set()
    assert [name for name in imported if name.startswith(("lkm.diagnose.rules", "lkm.image", "lkm.cli"))] == []


def test_a_kernel_that_cannot_be_had(tmp_path: Path) -> None:
    for spec, what in {"sim:": "unknown kernel", "sim:/nowhere": "no such simulated kernel", "x": "unknown"}.items():
        with pytest.raises(lkm.MachineError, match=what):
            lkm.Manager.open(spec)
    create_world(str(tmp_path / "old"))
    with pytest.raises(lkm.UsageError, match=r"Linux 2\.4"):
        lkm.Manager.open(f"sim:{tmp_path}/old")
    with pytest.raises(lkm.MachineError):
        lkm.Manager.open(extra_roots=[f"{tmp_path}/nowhere"])


def test_what_fails_is_undone_and_told(manager: lkm.Manager) -> None:
    world("INSERT INTO faults VALUES('msdos', 'init', '19')")
    report = manager.load("msdos")
    assert (report.ok, report.cause, report.status, report.modules) == (False, "no-device", 15, ())
    (attempt,) = report.failures
    assert [entry.step.module for entry in attempt.undone] == ["fat"]
    assert attempt.effects == lkm.Effects()
    assert report.text.splitlines()[:2] == [
        "loaded fat: needed by msdos",
        "msdos was not loaded: it found no device that it can drive",
    ]
    assert report.text.splitlines()[-1] == "  " + attempt.lines[-1]
    assert "nothing of it is left in the kernel" in attempt.lines[-1]
    with pytest.raises(lkm.RequestFailed) as caught:
        report.or_raise()
    assert (caught.value.code, caught.value.report) == ("no-device", report)
    assert manager.modules() == ()
    kept = manager.load("msdos", keep_partial=True)
    assert kept.modules == ("fat",) and [str(module.name) for module in manager.modules()] == ["fat"]
    assert kept.text.splitlines()[-2:] == ["  it has left behind:", "    loaded fat"]


def test_loading_a_second_time_and_removing_what_is_not_there(manager: lkm.Manager) -> None:
    assert manager.load("fat", effects=False).effects == ()
    again = manager.load("fat")
    assert (again.ok, again.modules, again.text) == (True, (), "fat is loaded already\n")
    assert manager.plan_unload("fat").modules == ("fat",) and len(manager.modules()) == 1
    assert manager.unload("fat").modules == ("fat",)
    gone = manager.unload("fat")
    assert (gone.ok, gone.modules, gone.text) == (True, (), "fat is not loaded\n")
    missing = manager.unload("nowhere")
    assert (missing.cause, missing.attempts[0].findings[0].code) == ("not-found", "not-found")


def test_options_are_those_of_the_tools(manager: lkm.Manager) -> None:
    configure("blacklist msdos\nforbid fat\n")
    assert manager.load("fs-msdos").cause == "blacklisted"
    assert manager.load("msdos", use_blacklist=True).cause == "blacklisted"
    assert manager.load("msdos").cause == "forbidden"
    assert manager.load("msdos", override_forbid=True).modules == ("fat", "msdos")
    assert manager.unload("fat").cause == "in-use"
    assert manager.unload("fat", holders=True).modules == ("msdos", "fat")
    configure("install msdos false\n")
    assert manager.load("msdos").cause == "command"
    assert manager.load("msdos", ignore_install=True).ok


def test_commands_work_on_the_same_kernel_with_the_same_configuration(
    manager: lkm.Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)
    monkeypatch.setenv("LKM_KERNEL", "live")
    configure("install msdos echo $LKM_KERNEL $MODPROBE_OPTIONS >said\n")
    assert manager.load("msdos").ok
    assert Path("said").read_text() == f"sim:{os.getcwd()}/demo.world -C {os.getcwd()}/conf\n"


def test_parameters_and_changed_files_count(manager: lkm.Manager) -> None:
    assert manager.load("fat", {"size": 7}).ok
    assert dict(manager.kernel.parameters("fat")) == {} or manager.kernel.parameters("fat")
    plan = manager.plan("msdos", {"size": 5})
    assert "size=5" in plan.text
    configure("options msdos size=9\n")
    assert "size=9" in manager.plan("msdos").text
    tree = Path("demo/lib/modules") / RELEASE
    (tree / "fresh.ko").write_bytes(build_module("fresh", modinfo=[("vermagic", f"{RELEASE} ")]))
    assert manager.resolve("fresh") == ()
    assert depmod(["depmod", "-b", "demo", RELEASE]) == 0
    assert manager.resolve("fresh") == ("fresh",)
    assert text_of("") == text_of({}) == ""


def test_explain_and_check_name_what_is_not_there(manager: lkm.Manager) -> None:
    for ask in (manager.explain, manager.check):
        with pytest.raises(lkm.NotFound):
            ask("nowhere")
    Path("more/lib/modules", RELEASE).mkdir(parents=True)
    several = lkm.Manager.open("sim:demo.world", extra_roots=["more"])
    for ask in (several.explain, several.check):
        with pytest.raises(lkm.UsageError, match="several roots"):
            ask("fat")
    several.close()
    configure("options fat colour=red\n")
    assert [finding.code for finding in manager.explain("fat").findings] == ["unknown-parameter"]
    assert manager.explain("fat", {"size": 3}).findings == manager.explain("fat", "size=3").findings
    configure("forbid fat\n")
    assert [finding.code for finding in manager.explain("fat").findings] == ["forbidden"]
    with pytest.raises(lkm.UsageError, match="policy"):
        manager.check("fat", policy="nonsense")
    said = manager.explain("fat", errno="ENOENT", log=["fat: Unknown symbol no_such_thing (err -2)"])
    assert said.findings[0].code == "missing-symbol"


def test_the_tool_checks_a_simulated_kernel_as_it_was_at_boot(
    manager: lkm.Manager, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert manager.load("msdos").ok
    monkeypatch.setenv("LKM_KERNEL", "sim:demo.world")
    assert main(["lkm", "check", "msdos"]) == 0
    assert "would load" in capfd.readouterr().out
    assert main(["lkm", "check", "broken"]) == 1
    assert [str(module.name) for module in manager.modules()] == ["msdos", "fat"]


def test_another_thread_may_have_it(manager: lkm.Manager) -> None:
    configure("install msdos exit 3\n")
    reports: list[lkm.Report] = []
    thread = threading.Thread(target=lambda: reports.extend([manager.load("msdos"), manager.load("fat")]))
    thread.start()
    thread.join()
    assert [report.cause for report in reports] == ["command", "done"]


def test_a_signal_waits_until_all_is_undone(manager: lkm.Manager) -> None:
    configure("install msdos kill -INT $$\n")  # as Ctrl-C does while a command runs
    with pytest.raises(KeyboardInterrupt):
        manager.load("msdos")
    assert manager.modules() == ()
    heard: list[int] = []
    old = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        configure(f"install msdos kill -TERM {os.getpid()}; sleep 0.2\n")
        report = manager.load("msdos")
    finally:
        signal.signal(signal.SIGTERM, old)
    assert (report.cause, heard) == ("interrupted", [signal.SIGTERM])
