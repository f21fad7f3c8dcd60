"""For all tests: their markers, no skipping, how hypothesis draws, and a foreign root to work in."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A test run in the background of a shell script inherits SIGINT as ignored; tests that send it want it as it is.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Unbuffered output never fails late, in the last flush, as that of most users does.
os.environ.pop("PYTHONUNBUFFERED", None)

# Drawn examples are the same in every run, so that a red test is red again. No deadline: machines are of any speed.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# `make sweep`: many more, and others each time.
settings.register_profile("sweep", settings.get_profile("ci"), derandomize=False, max_examples=5000)
settings.load_profile("sweep" if os.environ.get("LKM_SWEEP") else "ci")

#: Directories whose tests all have the marker of that name.
MARKED = ("lab", "oracle")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        directory = item.path.relative_to(Path(__file__).parent).parts[0] if "tests" in item.path.parts else ""
        if directory in MARKED:
            item.add_marker(directory)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a skipped test fail: a test that silently does not run looks like one that passes."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but nothing may be: {report.longrepr}"
    return report


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return what prints a text at the end of the whole run, in whichever process the test runs."""
    return lambda text: record_property("told", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    told = [
        (report.nodeid, text)
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for key, text in report.user_properties
        if key == "told"
    ]
    if told:
        terminalreporter.section("told")
    for test, text in told:
        terminalreporter.write_line(f"{test.rpartition('::')[2]}: {text}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty foreign root, for ``-d`` and ``-b``: with etc, lib/modules, proc and run."""
    directory = tmp_path / "root"
    for path in ("etc/modprobe.d", "etc/depmod.d", "lib/modules", "proc", "run"):
        (directory / path).mkdir(parents=True)
    return directory
