"""What is tried for a target, in which order, and how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive import Target
from crawler.frontier.targets import Validators
from crawler.items import Attempt
from crawler.pages.attempts import Ask, AskArchives, Stub, Unanswered, Wait, first_attempts
from crawler.sites import load_profile

ALALAM = load_profile("alalam")
SISTER_HOSTS = tuple(f"http://{host}.alalam.ir/news/{{id}}" for host in ("old", "mobile"))
PROFILE = replace(ALALAM, recovery=replace(ALALAM.recovery, article_templates=SISTER_HOSTS))
TARGET = Target(key="alalam/7", id="7", depth=1)
SITE = PROFILE.article_urls("7")
SISTERS = PROFILE.sister_urls("7")
NO = Attempt("http://127.0.0.1/", 404, "status 404")
DOWN, LIMITED = (Unanswered(Attempt("http://archive/", None, "busy", "wayback"), limited) for limited in (False, True))
DONE = "the archives have no more"


def walk(attempts, outcomes):
    """Return the steps that *attempts* name when each has the next of *outcomes*."""
    steps = [attempts.next]
    for outcome in outcomes:
        attempts = attempts.after_archives() if outcome is DONE else attempts.after(outcome)
        steps.append(attempts.next)
    return steps


URLS = [*map(Ask, SITE), *map(Ask, SISTERS)]
SPENT = [NO] * len(URLS)


@pytest.mark.parametrize(
    ("archives", "outcomes", "steps"),
    [
        (True, [], URLS[:1]),
        (True, SPENT[:1], URLS[:2]),
        (True, SPENT, [*URLS, AskArchives()]),
        (True, [*SPENT, NO, NO], [*URLS, AskArchives(), AskArchives(), AskArchives()]),
        (True, [*SPENT, DONE], [*URLS, AskArchives(), Stub()]),
        (True, [*SPENT, DOWN, DONE], [*URLS, AskArchives(), AskArchives(), Wait(is_limited=False)]),
        (True, [*SPENT, LIMITED, NO, DOWN, DONE], [*URLS, *[AskArchives()] * 4, Wait(is_limited=True)]),
        (True, [*SPENT, DOWN, LIMITED, DONE], [*URLS, *[AskArchives()] * 3, Wait(is_limited=False)]),
        (False, SPENT, [*URLS, Stub()]),
    ],
)
def test_site_comes_before_sisters_before_archives_before_the_end(archives, outcomes, steps):
    assert len(SITE) > 1
    assert len(SISTERS) > 1
    assert walk(first_attempts(TARGET, PROFILE, archives=archives), outcomes) == steps


def test_url_of_the_held_capture_is_first_and_alone_conditional():
    held = Validators(SITE[1], etag='"1"')
    steps = walk(first_attempts(replace(TARGET, validators=held), PROFILE, archives=False), SPENT)
    others = [Ask(url) for url in (*SITE, *SISTERS) if url != held.url]
    assert steps == [Ask(held.url, held), *others, Stub()]


@pytest.mark.parametrize("url", ["http://evil.example/news/7", "file:///etc/passwd", ""])
def test_held_capture_of_another_site_is_not_requested(url):
    attempts = first_attempts(replace(TARGET, validators=Validators(url)), PROFILE, archives=False)
    assert walk(attempts, SPENT) == [*URLS, Stub()]


def test_held_url_that_the_profile_no_longer_makes_is_requested_once():
    held = Validators(f"{SITE[0]}?from=before")
    steps = walk(first_attempts(replace(TARGET, validators=held), PROFILE, archives=False), [NO, *SPENT])
    assert steps == [Ask(held.url, held), *URLS, Stub()]


def test_target_without_a_url_leaves_only_the_archives():
    nameless = replace(TARGET, id="no number")
    assert walk(first_attempts(nameless, PROFILE, archives=True), [DONE]) == [AskArchives(), Stub()]


@given(
    archives=st.booleans(),
    outcomes=st.lists(st.sampled_from([NO, DOWN, LIMITED])),
    held=st.none() | st.sampled_from([*SITE, *SISTERS]),
)
def test_every_walk_requests_each_url_once_and_ends(archives, outcomes, held):
    target = replace(TARGET, validators=Validators(held) if held else None)
    attempts, asked, archived = first_attempts(target, PROFILE, archives=archives), [], []
    outcomes = iter(outcomes)
    while not isinstance(step := attempts.next, Wait | Stub):
        outcome = next(outcomes, None)
        if isinstance(step, Ask):
            assert not archived
            asked.append(step.url)
            attempts = attempts.after(NO)
        elif outcome is None:
            attempts = attempts.after_archives()
        else:
            archived.append(outcome)
            attempts = attempts.after(outcome)
    assert sorted(asked) == sorted({*SITE, *SISTERS})
    assert asked[0] == (held or SITE[0])
    assert len(attempts.tried) == len(asked) + len(archived)
    silent = [one for one in archived if isinstance(one, Unanswered)]
    assert step == (Wait(silent[0].is_limited) if silent else Stub())
