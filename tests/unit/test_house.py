"""The walls of this house: how long things may be, and that each module has its tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src/lkm").rglob("*.py"))

#: Modules that have no test module of their own, because this one drives the whole of them.
TESTED_BY = {
    "autoload/events.py": "unit/autoload/test_engine.py",
    "cli/autoclean_sweep.py": "unit/cli/test_autoclean.py",
    "cli/depmod_run.py": "unit/cli/test_depmod.py",
    "manager/check_case.py": "unit/cli/test_check_tree.py",
    "manager/check_kernel.py": "unit/cli/test_check_evidence.py",
    "manager/check_notes.py": "unit/cli/test_check_tree.py",
    "manager/check_world.py": "unit/cli/test_check.py",
    "manager/kernelside.py": "unit/cli/test_explain.py",
    "cli/helper.py": "lab/test_helper.py",
    "cli/kernelconfig.py": "lab/test_helper.py",
    "cli/kernelhelper.py": "unit/cli/test_serve.py",
    "cli/policy.py": "unit/cli/test_serve.py",
    "cli/policyworld.py": "unit/cli/test_serve.py",
    "cli/ksyms.py": "unit/cli/test_insmod24.py",
    "cli/lsmod24.py": "unit/cli/test_insmod24.py",
    "cli/modprobe24_run.py": "unit/cli/test_modprobe24.py",
    "cli/modinfo_json.py": "unit/cli/test_json.py",
    "cli/modprobe_show.py": "oracle/test_modprobe.py",
    "cli/site.py": "unit/cli/test_coldplug.py",
    "cli/sim_new.py": "unit/cli/test_sim.py",
    "cli/sim_new24.py": "unit/cli/test_depmod24.py",
    "cli/sim_set.py": "unit/cli/test_sim.py",
    "cli/sim_show.py": "unit/cli/test_sim.py",
    "cli/sim_use.py": "unit/cli/test_sim.py",
    "cli/answer.py": "unit/cli/test_verbs.py",
    "cli/load.py": "unit/cli/test_verbs.py",
    "cli/list.py": "unit/report/test_list.py",
    "cli/list_terminal.py": "unit/report/test_list.py",
    "cli/info_details.py": "unit/cli/test_info.py",
    "cli/info_why.py": "unit/cli/test_autoclean.py",
    "cli/show.py": "unit/cli/test_json.py",
    "cli/unload.py": "unit/cli/test_verbs.py",
    "cli/surface_host.py": "unit/cli/test_surface.py",
    "system/users.py": "lab/test_users.py",
    "manager/watch.py": "unit/cli/test_json.py",
    "manager/explainer.py": "unit/cli/test_failure.py",
    "manager/explanation.py": "unit/cli/test_explain.py",
    "manager/report.py": "unit/manager/test_manager.py",
    "manager/kernels.py": "unit/cli/test_kernels.py",
    "manager/loading.py": "unit/cli/test_verbs.py",
    "manager/newworld.py": "unit/cli/test_sim.py",
    "manager/requests.py": "unit/cli/test_verbs.py",
    "manager/session.py": "unit/cli/test_verbs.py",
    "manager/unloading.py": "unit/cli/test_verbs.py",
    "cli/voice24.py": "unit/cli/test_modprobe24.py",
    "autoload/doors.py": "unit/autoload/test_surface.py",
    "config/nouns.py": "unit/config/test_modprobe.py",
    "config/nouns24.py": "unit/config/test_modulesconf.py",
    "diagnose/evidence.py": "unit/diagnose/test_examine.py",
    "diagnose/finding.py": "unit/diagnose/test_engine.py",
    "formats/source.py": "unit/formats/test_elf.py",
    "image/nouns.py": "unit/image/test_facts.py",
    "cli/top_app.py": "unit/cli/test_top.py",
    "cli/top_looks.py": "unit/cli/test_top.py",
    "index/build.py": "oracle/test_depmod.py",
    "index/maps24.py": "unit/modfile/test_tables24.py",
    "index/texts.py": "oracle/test_depmod.py",
    "index/triewriter.py": "unit/index/test_trie.py",
    "index/unresolved.py": "unit/cli/test_depmod.py",
    "kernel/texts.py": "unit/kernel/test_users.py",
    "kernel/interface.py": "unit/kernel/test_linux.py",
    "lab/image.py": "unit/lab/test_qemu.py",
    "lab/prepared.py": "unit/lab/test_qemu.py",
    "lab/runner.py": "lab/test_lab_uml.py",
    "lint/case.py": "unit/lint/test_engine.py",
    "lint/given.py": "unit/lint/rules/test_unknown_parameter.py",
    "lint/nouns.py": "unit/lint/test_engine.py",
    "modfile/exports.py": "unit/modfile/test_facts.py",
    "modfile/modinfo.py": "unit/modfile/test_facts.py",
    "modfile/nouns.py": "unit/modfile/test_facts.py",
    "modfile/versions.py": "unit/modfile/test_facts.py",
    "report/document.py": "unit/cli/test_json.py",
    "report/procfs.py": "unit/cli/test_sim.py",
    "report/insmod24.py": "unit/cli/test_insmod24.py",
    "report/modprobe24.py": "unit/cli/test_modprobe24.py",
    "report/surface.py": "unit/autoload/test_surface.py",
    "report/world.py": "unit/cli/test_sim.py",
    "state/nouns.py": "unit/state/test_modules.py",
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_every_module_has_a_test_module() -> None:
    modules = {str(path.relative_to(ROOT / "src/lkm")) for path in SOURCES if path.name != "__init__.py"}
    assert set(TESTED_BY) <= modules
    tests = {n: TESTED_BY.get(n, f"unit/{Path(n).with_name('test_' + Path(n).name)}") for n in modules}
    assert {n: test for n, test in tests.items() if not (ROOT / "tests" / test).is_file()} == {}
