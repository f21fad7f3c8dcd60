"""For the examples in docstrings: those of the Python API have a simulated kernel to work on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def demo(request: pytest.FixtureRequest, doctest_namespace: dict[str, object]) -> Iterator[None]:
    """Let examples of the front door find ``demo.world`` (docs/api.md), opened as ``manager``."""
    if not (isinstance(request.node, pytest.DoctestItem) and request.node.name.startswith("lkm.manager.manager.")):
        yield
        return
    from tests.support.demo import demo_world

    from lkm import Manager

    place = request.getfixturevalue("tmp_path")
    demo_world(place)
    request.getfixturevalue("monkeypatch").chdir(place)
    with Manager.open("sim:demo.world") as manager:
        doctest_namespace["manager"] = manager
        yield
