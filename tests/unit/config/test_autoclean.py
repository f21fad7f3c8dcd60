from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.config.autoclean import DEFAULT, IDLE, PERIOD, SYNTAX, UNUSED, AutocleanSettings, assemble_autoclean
from lkm.origin import Origin


def conf(*texts: str) -> AutocleanSettings:
    return assemble_autoclean([(f"{at}.conf", text) for at, text in enumerate(texts)])


def test_without_files_it_only_says_what_it_would_do_each_minute() -> None:
    settings = conf()
    assert (settings.active, settings.period) == (False, PERIOD)
    assert (settings.idle("fat").seconds, settings.idle("fat").origin) == (IDLE, DEFAULT)
    assert settings.unused("fat").seconds == UNUSED


def test_what_is_said_last_counts() -> None:
    settings = conf("mode active\nperiod 5m\nidle 10", "period 2m\nidle 20\nmode dry-run")
    assert (settings.active, settings.mode, settings.period) == (False, Origin("1.conf", 3), 120)
    assert settings.idle("fat").seconds == 20


def test_the_last_line_that_matches_a_module_counts_and_one_for_all_does_not_undo_it() -> None:
    settings = conf("idle 5m nfs* lockd\nnever nfsd\nidle 9\nunused never nfs*\nunused 3", "idle 7 nfsd")
    assert settings.idle("nfsv4").seconds == 300
    assert settings.idle("lockd").origin == Origin("0.conf", 1)
    assert settings.never("nfsd") is None
    assert settings.idle("nfsd").seconds == 7
    assert settings.idle("fat").seconds == 9
    assert (settings.unused("nfsd").seconds, settings.unused("fat").seconds) == (None, 3)


def test_never_has_a_reason_and_folds_names() -> None:
    settings = conf("never snd-* usb-storage because I say so")
    rule = settings.never("snd_pcm")
    assert rule is not None
    assert (rule.because, settings.never("usb_storage")) == ("I say so", rule._replace(pattern="usb_storage"))


def test_what_would_be_lost_without_a_count_is_kept_unless_the_configuration_says_otherwise() -> None:
    zram = conf().never("zram")
    assert zram is not None
    assert (zram.origin, zram.because) == (DEFAULT, "what is in a compressed RAM disk would be lost")
    assert conf("idle 1h zram").never("zram") is None
    assert conf().never("iptable_filter")
    assert assemble_autoclean([], defaults=False).never("zram") is None


@pytest.mark.parametrize(
    ("line", "message", "column", "hint"),
    [
        ("nver fat", "unknown directive 'nver'", 1, "did you mean 'never'?"),
        ("idle", "'idle' needs more words", 5, f"the form is: {SYNTAX['idle']}"),
        ("idle soon fat", "'soon' is no time", 6, "write 90, 90s, 5m, 2h or 1d"),
        ("idle 5ms", "'5ms' is no time", 6, "write 90, 90s, 5m, 2h or 1d"),
        ("mode on", "unknown mode 'on'", 6, f"the form is: {SYNTAX['mode']}"),
        ("mode active now", "'mode' takes one word", 13, f"the form is: {SYNTAX['mode']}"),
        ("period 0", "a period of 0 is none", 8, f"the form is: {SYNTAX['period']}"),
        ("never because x", "'never' names no module", 7, f"the form is: {SYNTAX['never']}"),
        ("never a b]", "']' without '[' in alias 'b]'", 9, "write brackets in pairs: [ab] is an a or a b"),
        ("idle 5 a[", "'[' without ']' in alias 'a['", 8, "write brackets in pairs: [ab] is an a or a b"),
    ],
)
def test_a_bad_line_is_told_of_and_left_out(line: str, message: str, column: int, hint: str) -> None:
    settings = conf(f"# comment\n{line}\nmode active")
    (problem,) = settings.problems
    assert (problem.origin, problem.message) == (Origin("0.conf", 2), message)
    assert (problem.text, problem.column, problem.hint) == (line, column, hint)
    assert settings._replace(problems=(), active=False, mode=DEFAULT) == conf()


@given(st.text() | st.lists(st.sampled_from([*SYNTAX, "5m", "never", "because", "a*", "[", "\n", "#"])).map(" ".join))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    settings = conf(text)
    assert settings.idle("fat").seconds is not None
    assert settings.period > 0
