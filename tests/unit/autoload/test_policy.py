from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.nouns import ALLOW, AUDIT, BOOT, DENY, KERNEL, UEVENT, USER, Request, Verdict
from lkm.autoload.policy import Meaning, Policy
from lkm.config.autoload import Default, Fact, Mode, Rule, parse
from lkm.names import ModuleName
from tests.unit.config.test_autoload import RULES

MEANINGS = {
    "fs-ext4": Meaning((ModuleName("ext4"),), (ModuleName("jbd2"), ModuleName("crc32c"))),
    "pair": Meaning((ModuleName("one"), ModuleName("two"))),
}
SIGNATURES = {"ext4": "known-key", "jbd2": "unsigned", "crc32c": "known-key", "one": "known-key", "two": "bad"}


def policy(text: str) -> Policy:
    facts, problems = parse(text, "x.conf")
    assert not problems
    return Policy(facts, lambda alias: MEANINGS.get(alias, Meaning()), SIGNATURES.__getitem__)


def ask(text: str, alias: str, requester: str = KERNEL, uid: int = -1) -> Verdict:
    return policy(text)(Request(alias, requester, 0.0, uid=uid))


@pytest.mark.parametrize(
    ("text", "alias", "word", "line"),
    [
        ("", "fs-ext4", ALLOW, 0),
        ("deny alias fs-*", "fs-ext4", DENY, 1),
        ("deny alias fs_*", "fs-ext4", DENY, 1),
        ("deny alias fs-*", "fs_ext4", DENY, 1),
        ("deny alias fs-?", "fs-ext4", ALLOW, 0),
        ("allow alias fs-ext4\ndeny alias fs-*", "fs-ext4", ALLOW, 1),
        ("deny alias fs-*\nallow alias fs-ext4", "fs-ext4", DENY, 1),
        ("default deny\ndefault allow", "x", DENY, 1),
        ("default deny\nallow", "x", ALLOW, 2),
        ("deny module jbd2", "fs-ext4", DENY, 1),
        ("deny module jbd3", "fs-ext4", ALLOW, 0),
        ("default deny\nallow module ext4", "fs-ext4", ALLOW, 2),
        ("default deny\nallow module jbd2", "fs-ext4", DENY, 1),
        ("default deny\nallow module one", "pair", DENY, 1),
        ("default deny\nallow module one,two", "pair", ALLOW, 2),
        ("default deny\nallow module *", "nothing", DENY, 1),
        ("deny signature unsigned", "fs-ext4", DENY, 1),
        ("deny module ext4 signature unsigned", "fs-ext4", ALLOW, 0),
        ("deny module two signature bad", "pair", DENY, 1),
        ("default deny\nallow signature known-key", "fs-ext4", DENY, 1),
        ("default deny\nallow signature known-key,unsigned", "fs-ext4", ALLOW, 2),
        ("audit", "x", AUDIT, 1),
        ("mode audit", "x", AUDIT, 1),
        ("mode permissive\ndeny", "x", ALLOW, 1),
        ("mode permissive\nmode audit\n", "x", ALLOW, 0),
        ("mode enforce\nmode audit", "x", ALLOW, 0),
        ("deny alias a[b", "a[b", ALLOW, 0),
        ("deny alias *", "a[b", DENY, 1),
    ],
)
def test_the_first_line_that_fits_decides(text: str, alias: str, word: str, line: int) -> None:
    facts, _ = parse(text, "x.conf")
    rules = Policy(facts, lambda alias: MEANINGS.get(alias, Meaning()), SIGNATURES.__getitem__)
    verdict = rules(Request(alias, KERNEL, 0.0))
    assert (verdict.word, verdict.origin.line if verdict.origin else 0) == (word, line)


@pytest.mark.parametrize(
    ("text", "requester", "uid", "word"),
    [
        ("deny from user,boot", USER, 0, DENY),
        ("deny from user,boot", BOOT, -1, DENY),
        ("deny from user,boot", UEVENT, -1, ALLOW),
        ("deny uid 0-9", USER, 9, DENY),
        ("deny uid 1-9", USER, 0, ALLOW),
        ("deny uid 0-4294967295", KERNEL, -1, ALLOW),
        ("", USER, 0, ALLOW),
        ("", USER, 1000, DENY),
        ("", USER, -1, DENY),
        ("allow", USER, 1000, DENY),
        ("default allow", USER, 1000, DENY),
        ("allow from user", USER, 1000, ALLOW),
        ("allow uid 1000", USER, 1000, ALLOW),
        ("allow from user uid 1000", USER, 1001, DENY),
    ],
)
def test_who_asks_counts(text: str, requester: str, uid: int, word: str) -> None:
    assert ask(text, "x", requester, uid).word == word


def test_a_verdict_says_which_line_and_why() -> None:
    verdict = ask("deny alias fs-* because it is a server", "fs-ext4")
    assert verdict.reason == "fs-ext4 is denied because it is a server"
    assert str(verdict.origin) == "x.conf:1"
    verdict = ask("deny module jbd2\nmode permissive", "fs-ext4")
    assert verdict.reason == "mode permissive; else deny: fs-ext4 is denied, x.conf:1"
    assert ask("", "x", USER, 7).reason == "no rule allows user 7 to ask for it"


def test_what_an_alias_means_is_asked_only_where_it_matters_and_once() -> None:
    asked: list[str] = []

    def meaning(alias: str) -> Meaning:
        asked.append(alias)
        return Meaning((ModuleName("m"),))

    facts, _ = parse(
        "deny alias a module m\ndeny alias b module x\ndeny alias b module y\ndeny from boot module m", "x"
    )
    rules = Policy(facts, meaning)
    assert rules(Request("c", KERNEL, 0.0)).word == ALLOW and asked == []
    assert rules(Request("b", KERNEL, 0.0)).word == ALLOW and asked == ["b"]


FACTS = st.lists(
    st.one_of(
        RULES,
        st.builds(Default, st.sampled_from((ALLOW, DENY)), RULES.map(lambda rule: rule.origin)),
        st.builds(Mode, st.sampled_from(("enforce", "permissive", "audit")), RULES.map(lambda rule: rule.origin)),
    ),
    max_size=5,
)
REQUESTS = st.builds(
    Request,
    st.text("ab-_", min_size=1, max_size=3),
    st.sampled_from((KERNEL, UEVENT, USER, BOOT)),
    st.just(0.0),
    uid=st.sampled_from((-1, 0, 5, 1000)),
)


@given(FACTS, REQUESTS)
def test_an_ordinary_user_gets_nothing_by_oversight(facts: list[Fact], request: Request) -> None:
    ordinary = request._replace(requester=USER, uid=1000)
    silent = [f for f in facts if not (isinstance(f, Rule) and (f.uids or USER in f.requesters))]
    verdict = Policy(silent, lambda alias: Meaning((ModuleName("a"),)))(ordinary)
    assert verdict.word != ALLOW


@given(FACTS, FACTS, REQUESTS)
def test_what_stands_after_the_line_that_decides_changes_nothing(
    facts: list[Fact], more: list[Fact], request: Request
) -> None:
    rules = [fact for fact in facts if not isinstance(fact, Default | Mode)]
    before = Policy(rules)(request)
    if before.origin:
        after = Policy([*rules, *[fact for fact in more if not isinstance(fact, Mode)]])(request)
        assert before == after


@given(FACTS, REQUESTS)
def test_dashes_and_underscores_are_the_same(facts: list[Fact], request: Request) -> None:
    rules = Policy(facts)
    other = request._replace(alias=request.alias.replace("-", "_"))
    assert rules(request)._replace(reason="") == rules(other)._replace(reason="")
