from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.nouns import Directive, Settings
from lkm.config.settings import assemble
from lkm.origin import Origin
from lkm.report.config import config_text, effective

LINES = (
    *("blacklist a-b", "install a-b /bin/x-y  z ", "remove c d", "alias v[a-b]-* m-n", 'options m  a="b c" '),
    *("softdep m pre: a-b c post: d", "softdep m post: d pre: e", "softdep m pre:", "weakdep m a-b c"),
    *("options m += a=1", "unset options m", "forbid m because it-is so"),
)


def without_origins(settings: Settings) -> list[Directive]:
    return [fact._replace(origin=Origin("-")) for fact in effective(settings)]


def test_kinds_come_in_kmods_order() -> None:
    text = config_text(assemble([("x", "\n".join(reversed(LINES)))], "k.p=1"))
    assert " ".join(line.split()[0] for line in text.splitlines()) == (
        "blacklist install remove alias options options options softdep softdep softdep weakdep forbid"
    )
    assert text.startswith(
        "blacklist a_b\ninstall a_b /bin/x-y  z \nremove c d\nalias v[a-b]_* m_n\noptions m += a=1\noptions m  a="
    )


@given(st.lists(st.sampled_from([line for line in LINES if not line.endswith("pre:")]), max_size=20))
def test_the_text_can_be_read_again(rows: list[str]) -> None:
    settings = assemble([("x", "\n".join(rows))], "")
    text = config_text(settings)
    again = assemble([("y", text)], "")
    assert without_origins(again) == without_origins(settings)
    assert not again.problems
    assert config_text(again) == text


def test_a_softdep_without_names_ends_in_a_blank_as_in_kmod() -> None:
    assert config_text(assemble([("x", "softdep m pre:")], "")) == "softdep m \n"
