from __future__ import annotations

from tests.support.linting import case, found, told


def test_parameters_have_no_place_there() -> None:
    assert told("load_arguments", case(loads="# x\nloop max_loop=3\n")) == [
        "2: 'loop max_loop=3' is taken for the name of one module ^max_loop=3"
    ]
    (flaw,) = found("load_arguments", case(loads="loop max_loop=3"))
    assert flaw.advice == "write 'options loop max_loop=3' into a file of modprobe.d"
    assert found("load_arguments", case(loads="loop fat"))[0].advice == "a line for each"


def test_healthy() -> None:
    assert found("load_arguments", case(loads="loop\n# a b\n; c d\nfat # other rule\n")) == []
