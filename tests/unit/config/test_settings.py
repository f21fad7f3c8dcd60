from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config import cmdline, modprobe
from lkm.config.nouns import Settings
from lkm.config.settings import assemble, keyword

LINES = st.sampled_from(
    [
        "alias a b",
        "blacklist a",
        "options a b=1",
        "install a b",
        "remove a b",
        "softdep a pre: b",
        "weakdep a b",
        "bad",
    ]
)
FILES = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.lists(LINES, max_size=6).map("\n".join)), max_size=4)


def test_nothing_is_empty_settings() -> None:
    assert assemble([], "") == Settings()


@given(FILES, st.sampled_from(["", "a.b=1", "modprobe.blacklist=x,y", "].x=1 c.d=2"]))
def test_each_kind_keeps_the_order_of_files_with_the_kernel_command_line_last(
    files: list[tuple[str, str]], boot: str
) -> None:
    read = [modprobe.parse(text, file) for file, text in files] + [cmdline.parse(boot)]
    settings = assemble(files, boot)
    facts = [fact for found, _ in read for fact in found]
    kept = [fact for kind in settings._values()[:-1] for fact in kind]
    assert len(kept) == len(facts)
    for kind in settings._values()[:-1]:
        places = [at for at, fact in enumerate(facts) if fact in kind]
        assert [facts[at] for at in places] == list(kind)
    assert settings.problems == tuple(p for _, problems in read for p in problems)


KINDS = ("alias", "blacklist", "forbid", "install", "options", "remove", "softdep", "weakdep")
EACH = {kind: f"{kind} a-b {'' if kind in ('blacklist', 'forbid') else 'x pre: y'}" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_unset_takes_away_what_was_read_before_and_nothing_else(kind: str) -> None:
    every = "\n".join(EACH.values())
    settings = assemble([("a", every), ("b", f"unset {kind} a_b\nunset {kind} a_b"), ("c", every)], "")
    facts = [fact for of_kind in settings._values()[:-2] for fact in of_kind]
    assert sorted((keyword(f), f.origin.file) for f in facts) == sorted(
        (k, file) for k in KINDS for file in "ac" if (k, file) != (kind, "a")
    )
    taken, nothing = settings.dropped
    assert taken.directive and (keyword(taken.directive), str(taken.unset.origin)) == (kind, "b:1")
    assert (nothing.directive, str(nothing.unset.origin)) == (None, "b:2")


def test_unset_goes_by_the_name_as_it_stands_and_not_by_wildcards_or_the_kernel_command_line() -> None:
    settings = assemble(
        [("a", "options ab x=1\nalias a* m\nunset options a*\nunset alias ab\nunset options k")], "k.p=1"
    )
    assert [o.module for o in settings.options] == ["ab", "k"]
    assert len(settings.aliases) == 1


def test_install_and_remove_are_kept_apart() -> None:
    settings = assemble([("x", "install a 1\nremove a 2")], "")
    assert [c.command for c in settings.installs] == ["1"]
    assert [c.command for c in settings.removes] == ["2"]
