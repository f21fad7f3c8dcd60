from __future__ import annotations

from lkm.diagnose.engine import diagnose
from tests.support.sick import KERNEL, FakeTree, loaded, unload


def test_the_nearest_name_and_where_it_is() -> None:
    (finding,) = diagnose(unload("msods", loaded("fat", "msdos"), "ENOENT", tree=FakeTree(msods=())))
    assert finding.what == "no module named 'msods' is loaded; did you mean 'msdos'?"
    assert [fact.text for fact in finding.facts] == ["no such line", "msods is there to be loaded"]


def test_what_is_built_in() -> None:
    (finding,) = diagnose(unload("printk", loaded()._replace(builtin=frozenset(["printk"]))))
    assert (finding.code, finding.what) == ("not-loaded", "printk is part of the kernel itself, and stays")


def test_what_is_loaded_or_cannot_be_told() -> None:
    assert diagnose(unload("fat", loaded("fat"))) == ()
    assert diagnose(unload("fat", KERNEL._replace(loaded=None))) == ()
    (finding,) = diagnose(unload("fat", None, "ENOENT"))
    assert finding.facts[0].origin == "system call"
