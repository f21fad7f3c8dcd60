from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config import cmdline, modprobe
from lkm.config.nouns import Settings
from lkm.config.settings import assemble

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


def test_install_and_remove_are_kept_apart() -> None:
    settings = assemble([("x", "install a 1\nremove a 2")], "")
    assert [c.command for c in settings.installs] == ["1"]
    assert [c.command for c in settings.removes] == ["2"]
