from lkm.autoload.nouns import ALLOW, KERNEL, REQUESTERS, VERDICTS, Entry, Request, Verdict


def test_an_entry_says_who_asked_and_what_was_said() -> None:
    entry = Entry(Request("fs-minix", KERNEL, 1.5), Verdict(ALLOW))
    assert entry.request.requester in REQUESTERS
    assert entry.verdict.word in VERDICTS
    assert entry.outcome is None
    assert entry.request.pid == -1
