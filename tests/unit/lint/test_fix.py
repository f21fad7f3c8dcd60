"""Laws of ``--fix``: done twice it is as done once; comments, and the order of what stays, are kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.settings import assemble
from lkm.lint.engine import lint
from lkm.lint.fix import fixed
from lkm.lint.sheet import MODPROBE, read
from lkm.report.config import config_text
from tests.support.linting import case

NAMES = st.sampled_from(["loop", "fat", "snd-hda-intel", "loop.ko", "x/fat.ko.xz", "nosuch"])
COMMENTS = st.sampled_from(["", "", "  # why", " #"])
LINES = st.one_of(
    st.builds(lambda n, c: f"options {n} max_loop=3{c}", NAMES, COMMENTS),
    st.builds(lambda n, c: f"blacklist {n}{c}", NAMES, COMMENTS),
    st.builds(lambda n, m, c: f"softdep {n} pre: {m}{c}", NAMES, NAMES, COMMENTS),
    st.builds(lambda n: f"options {n} \\\n  max_part=1", st.sampled_from(["loop", "fat"])),
    st.builds(lambda n: f"install {n} /bin/true # {n}", NAMES),
    st.sampled_from(
        ["# a comment", "", "#", "# joined \\\nstill", "unset blacklist fat", "bad line", "alias a b # c"]
    ),
)


def settle(text: str) -> str:
    for _ in range(20):
        edits = [f.edit for f in lint(case(text)) if f.edit]
        if not edits:
            return text
        text = fixed(text, edits)
    raise AssertionError("it does not end")


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_the_laws(lines: list[str], end: str) -> None:
    text = "".join([line.replace("\n", end) + end for line in lines])
    done = settle(text)
    assert settle(done) == done

    def comments(of: str) -> list[str]:
        return [row for row in of.replace("\r", "").split("\n") if row.startswith("#")]

    kept = comments(done)
    assert all(kept.count(row) >= comments(text).count(row) for row in comments(text))

    # Every directive that counted still does, in its order, with what was mended in it.
    before = [_mended(line) for line in _config(text.replace("\r\n", "\n"))]
    after = _config(done)
    if "unset" in text:  # it takes away what is mended too
        assert set(after) <= set(before)
    else:
        assert list(dict.fromkeys(before)) == list(dict.fromkeys(after))


def _config(text: str) -> list[str]:
    return config_text(assemble([("x.conf", text)], "")).splitlines()


def _mended(line: str) -> str:
    keyword, name, *rest = line.split(" ", 2)
    if keyword in ("options", "softdep") and rest:
        rest = [rest[0].split(" #")[0].rstrip()]
    return " ".join([keyword, name.rsplit("/", 1)[-1].split(".")[0], *rest])


def test_a_healthy_file_is_left_alone_to_the_byte() -> None:
    text = "# a\n\noptions loop  max_loop=3\n#b"
    assert read(MODPROBE, "x", text).text == settle(text) == text
