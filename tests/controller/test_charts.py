"""`controller.charts`: which chart a spec means, without asking twice, and what happens when nobody answers."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from controller.sources import FIRST, INDEX, NAMED, PINNED, RANGE, SECOND, URL, Sources
from core.plan.builders import NOW, ahead, helm_release

from steersman.core.api.conditions import ConditionType, Reason, set_condition
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.status import HelmReleaseStatus, LastHandled, SourceStatus
from steersman.registry.errors import (
    AccessDenied,
    DigestMismatch,
    RegistryNotAllowed,
    RegistryUnavailable,
    UnreadableIndex,
    VerificationFailed,
)

LISTED: dict[str, Any] = {"chart": {"repository": {"url": INDEX}, "name": "shop", "version": "1.x"}}
KEY = (
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n"
)


@pytest.fixture
def sources() -> Sources:
    return Sources()


def spec(**chart: Any) -> dict[str, Any]:
    return {"chart": {**RANGE["chart"], **chart}}


# --- where the chart is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chart", "url", "digest", "asked"),
    [
        pytest.param({"url": URL, "digest": PINNED}, URL, PINNED, [], id="pinned"),
        pytest.param(RANGE["chart"], URL, FIRST, ["1.x"], id="by range"),
        pytest.param(
            {"repository": {"url": "oci://registry.example/charts"}, "name": "shop", "digest": PINNED},
            URL, PINNED, [], id="pinned, in a registry",
        ),
        pytest.param(
            {"repository": {"url": "oci://registry.example/charts/"}, "name": "shop", "version": "1.x"},
            URL, FIRST, ["1.x"], id="by range, in a registry",
        ),
        pytest.param(LISTED["chart"], f"{INDEX}/shop-1.4.0.tgz", FIRST, ["1.x"], id="by range, in a repository"),
        pytest.param(
            {"repository": {"url": INDEX}, "name": "shop", "digest": PINNED},
            f"{INDEX}/shop-1.4.0.tgz", PINNED, [PINNED], id="pinned, in a repository",
        ),
        pytest.param(
            {"url": f"{INDEX}/shop.tgz", "digest": PINNED}, f"{INDEX}/shop.tgz", PINNED, [], id="a pinned archive"
        ),
    ],
)  # fmt: skip
async def test_where_the_chart_is(
    sources: Sources, chart: dict[str, Any], url: str, digest: str, asked: list[str]
) -> None:
    release = helm_release({"chart": chart})
    found = await sources.chosen(release)
    assert (found.chart.url.replace("shop-1.4.0.tgz/", ""), found.chart.digest) == (url, digest)
    assert sources.asked == asked
    assert (await sources.chosen(release, minutes=9)).chart == found.chart
    assert sources.asked == asked


async def test_a_chart_repository_brings_url_and_terms(sources: Sources) -> None:
    sources.configs.put("Secret", "login", username="me", password="word")
    sources.put_repository(secretRef={"name": "login"}, interval="1m", passCredentials=True)
    found = await sources.chosen(helm_release(NAMED))
    assert (found.chart.url, found.repository, found.ask_again) == (
        f"{INDEX}/shop-1.4.0.tgz",
        "stable",
        ahead(minutes=1),
    )
    ((_, access),) = sources.sources.asked
    assert access.credential is not None
    assert (access.home, access.pass_credentials) == (INDEX, True)


async def test_an_interval_of_its_own_wins_over_the_chart_repository(sources: Sources) -> None:
    sources.put_repository(interval="1m")
    found = await sources.chosen(helm_release({"chart": {**NAMED["chart"], "interval": "1h"}}))
    assert found.ask_again == ahead(hours=1)


# --- asking rarely ---------------------------------------------------------------------------------------------------


async def test_a_range_is_asked_for_once_an_interval(sources: Sources) -> None:
    release = helm_release(RANGE)
    first = await sources.chosen(release)
    assert (first.chart.version, first.chart.digest, first.ask_again) == ("1.4.0", FIRST, ahead(minutes=10))
    sources.sources.digests["1.x"] = SECOND
    assert await sources.chosen(release, minutes=9) == first
    assert (await sources.chosen(release, minutes=10)).chart.digest == SECOND
    assert len(sources.asked) == 2


async def test_releases_that_ask_the_same_share_the_answer(sources: Sources) -> None:
    for number in range(5):
        await sources.chosen(helm_release(RANGE, name=f"web-{number}", uid=f"uid-{number}"))
    assert len(sources.asked) == 1


async def test_other_credentials_are_another_question(sources: Sources) -> None:
    sources.configs.put("Secret", "pull", username="me", password="word")
    await sources.chosen(helm_release(RANGE))
    await sources.chosen(helm_release(spec(secretRef={"name": "pull"}), uid="uid-2"))
    anonymous, known = (access.credential for _, access in sources.sources.asked)
    assert anonymous is None
    assert known is not None


async def test_an_answer_from_an_older_index_ends_with_that_index(sources: Sources) -> None:
    sources.sources.age = 240.0
    assert (await sources.chosen(helm_release(LISTED))).ask_again == ahead(minutes=6)


async def test_reconcile_at_asks_at_once_and_once(sources: Sources) -> None:
    await sources.chosen(helm_release(RANGE))
    asking = helm_release(RANGE, reconcile_at="1")
    for _ in range(3):
        await sources.chosen(asking)
    assert len(sources.asked) == 2
    handled = HelmReleaseStatus(last_handled=LastHandled(reconcile_at="1"))
    other = Sources()
    await other.chosen(helm_release(RANGE, status=handled, reconcile_at="1"))
    await other.chosen(helm_release(RANGE, status=handled, reconcile_at="1"))
    assert len(other.asked) == 1


async def test_reconcile_at_asks_a_source_that_is_away_at_once(sources: Sources) -> None:
    await sources.chosen(helm_release(RANGE))
    sources.sources.break_down()
    assert (await sources.chosen(helm_release(RANGE), minutes=10)).problem is not None
    sources.sources.mend()
    assert (await sources.chosen(helm_release(RANGE), minutes=10)).problem is not None, "the pause lasts"
    assert (await sources.chosen(helm_release(RANGE, reconcile_at="1"), minutes=10)).problem is None


async def test_a_repository_that_moved_is_asked_at_once(sources: Sources) -> None:
    sources.put_repository()
    release = helm_release(NAMED)
    await sources.chosen(release)
    sources.sources.digests["1.x"] = SECOND
    sources.charts.moved(INDEX, [release.uid])
    assert (await sources.chosen(release)).chart.digest == SECOND


# --- a source that does not answer -----------------------------------------------------------------------------------


async def test_a_first_question_without_an_answer_is_a_problem(sources: Sources) -> None:
    sources.sources.break_down()
    assert (await sources.problem()).transient
    sources.sources.mend()
    assert (await sources.chosen()).chart.version == "1.4.0"


def denied() -> AccessDenied:
    return AccessDenied("registry.example/charts/shop", "401", status=401, anonymous=False)


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        pytest.param(None, True, id="no answer"),
        pytest.param(denied(), True, id="credentials refused"),
        pytest.param(UnreadableIndex("charts.example", "no YAML"), True, id="an index that cannot be read"),
        pytest.param(VerificationFailed("charts.example", "not signed"), False, id="not signed"),
        pytest.param(DigestMismatch("charts.example", "it", wanted="a", got="b"), False, id="other bytes"),
        pytest.param(RegistryNotAllowed("charts.example", ("a",)), True, id="not allowed any more"),
    ],
)
async def test_a_release_goes_on_with_what_it_has(sources: Sources, error: Any, stays: bool) -> None:
    release = helm_release(RANGE)
    first = await sources.chosen(release)
    sources.sources.break_down(error)
    if not stays:
        await sources.problem(release, minutes=10)
        return
    later = await sources.chosen(release, minutes=10)
    assert later.chart == first.chart
    assert later.problem is not None
    assert later.ask_again == ahead(minutes=10, seconds=10)


async def test_while_it_goes_on_the_source_is_asked_ever_more_rarely(sources: Sources) -> None:
    release = helm_release(RANGE)
    await sources.chosen(release)
    sources.sources.break_down()
    asked = []
    for seconds in range(600, 1800, 5):
        await sources.chosen(release, seconds=seconds)
        asked.append(len(sources.asked))
    assert asked[-1] - 1 == 7
    sources.sources.mend()
    found = await sources.chosen(release, hours=1)
    assert (found.problem, found.chart.digest) == (None, FIRST)


async def test_other_terms_are_tried_at_once(sources: Sources) -> None:
    sources.configs.put("Secret", "pull", username="me", password="word")
    release = helm_release(spec(secretRef={"name": "pull"}))
    await sources.chosen(release)
    sources.sources.break_down(denied())
    assert (await sources.chosen(release, minutes=10)).problem is not None
    sources.sources.mend()
    assert (await sources.chosen(release, minutes=10)).problem is not None
    sources.configs.put("Secret", "pull", username="me", password="another")
    assert (await sources.chosen(release, minutes=10)).problem is None


async def test_a_new_spec_needs_the_source(sources: Sources) -> None:
    await sources.chosen(helm_release(RANGE))
    sources.sources.break_down()
    await sources.problem(helm_release(RANGE, generation=2), minutes=10)


def installed(*, generation: int = 1, verified: str = "") -> HelmRelease:
    """A release whose status says that this spec was installed."""
    conditions = set_condition(
        (), ConditionType.RELEASED, "True", Reason.INSTALL_SUCCEEDED, generation=generation, now=NOW
    )
    source = SourceStatus(url=URL, version="1.3.0", digest=SECOND, verified=verified)
    return helm_release(RANGE, status=HelmReleaseStatus(conditions=conditions, source=source))


async def test_the_status_tells_a_new_process_what_it_has(sources: Sources) -> None:
    sources.sources.break_down()
    found = await sources.chosen(installed())
    assert (found.chart.url, found.chart.version, found.chart.digest) == (URL, "1.3.0", SECOND)
    assert found.problem is not None
    await Sources.problem(sources, installed(generation=0))


async def test_a_missing_secret_keeps_a_release_as_it_is(sources: Sources) -> None:
    sources.configs.put("Secret", "pull", username="me", password="word")
    release = helm_release(spec(secretRef={"name": "pull"}))
    await sources.chosen(release)
    del sources.configs.objects["Secret", "pull"]
    found = await sources.chosen(release)
    assert found.problem is not None
    assert found.problem.message.startswith(
        "Secret demo/pull, which spec.chart.secretRef names, does not exist. Create it"
    )


# --- ChartRepositories ------------------------------------------------------------------------------------------------


async def test_a_missing_repository_says_so_and_is_noticed(sources: Sources) -> None:
    problem = await sources.problem(helm_release(NAMED))
    assert (problem.reason, problem.retryable) == (Reason.SOURCE_NOT_READY, True)
    assert problem.message == (
        "ChartRepository demo/stable, which spec.chart.repository.ref names, does not exist. Create it, or correct the "
        "name; it is noticed at once."
    )
    sources.put_repository()
    await sources.chosen(helm_release(NAMED))


async def test_a_repository_that_went_keeps_a_release_as_it_is(sources: Sources) -> None:
    sources.put_repository()
    first = await sources.chosen(helm_release(NAMED))
    sources.repositories.drop(next(iter(sources.repositories._repositories)), "uid-of-stable")
    found = await sources.chosen(helm_release(NAMED))
    assert (found.chart, found.repository) == (first.chart, "stable")
    assert found.problem is not None


async def test_the_root_cause_is_told_in_the_words_of_the_repository(sources: Sources) -> None:
    sources.put_repository(secretRef={"name": "login"})
    problem = await sources.problem(helm_release(NAMED))
    assert problem.message.startswith(
        "ChartRepository demo/stable: Secret demo/login, which spec.secretRef names, does not exist"
    )
    sources.configs.put("Secret", "login", username="me", password="word")
    sources.sources.break_down(denied())
    problem = await sources.problem(helm_release(NAMED))
    assert problem.message == (
        "ChartRepository demo/stable: registry.example/charts/shop: access denied: 401. Check the credentials of "
        "Secret demo/login, and their rights on this repository."
    )


async def test_a_suspended_repository_is_not_asked(sources: Sources) -> None:
    sources.put_repository()
    first = await sources.chosen(helm_release(NAMED))
    sources.put_repository(suspend=True)
    found = await sources.chosen(helm_release(NAMED), hours=9)
    assert (found.chart, found.problem, found.ask_again) == (first.chart, None, None)
    assert len(sources.asked) == 1
    problem = await sources.problem(helm_release(NAMED, uid="uid-2"))
    assert "is suspended" in problem.message
    sources.sources.cached.add(FIRST)
    assert await sources.charts.archive(helm_release(NAMED), first.chart.url, FIRST) == b"kept"
    with pytest.raises(Exception, match="is suspended"):
        await sources.charts.archive(helm_release(NAMED), first.chart.url, SECOND)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("oci://registry.example/charts", "oci://other.example/charts", id="to another registry"),
        pytest.param("oci://registry.example/charts", INDEX, id="to an HTTP repository"),
        pytest.param(INDEX, "oci://other.example/charts", id="from an HTTP repository"),
    ],
)
async def test_new_credentials_do_not_go_to_where_the_chart_was_before(
    sources: Sources, before: str, after: str
) -> None:
    sources.put_repository(url=before)
    first = await sources.chosen(helm_release(NAMED))
    sources.configs.put("Secret", "pull", username="me", password="word")
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    signed = {"verify": SIGNED["chart"]["verify"]} if after.startswith("oci:") else {}
    sources.put_repository(url=after, secretRef={"name": "pull"}, **signed)
    sources.sources.break_down()
    await sources.charts.choose(helm_release(NAMED), ahead(hours=1))
    with pytest.raises(RegistryUnavailable):
        await sources.charts.archive(helm_release(NAMED), first.chart.url, FIRST)
    shown = {what: access.credential for what, access in sources.sources.asked}
    assert shown["1.x"] is not None
    assert (shown.get("signature"), shown[first.chart.url]) == (None, None)
    assert ("signature" in shown) is bool(signed)


async def test_another_url_is_asked_at_once(sources: Sources) -> None:
    sources.put_repository(url="oci://registry.example/charts")
    await sources.chosen(helm_release(NAMED))
    sources.sources.break_down()
    assert (await sources.chosen(helm_release(NAMED), minutes=10)).problem is not None
    sources.sources.mend()
    sources.put_repository(url="oci://other.example/charts")
    found = await sources.chosen(helm_release(NAMED), minutes=10)
    assert (found.problem, found.chart.url) == (None, "oci://other.example/charts/shop")


# --- signatures -------------------------------------------------------------------------------------------------------

SIGNED = spec(verify={"provider": "cosign", "secretRef": {"name": "keys"}})


async def test_a_chart_is_verified_once_for_its_digest(sources: Sources) -> None:
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    sources.sources.signed[FIRST] = "key cosign.pub"
    for minutes in (0, 10, 20):
        assert (await sources.chosen(helm_release(SIGNED), minutes=minutes)).verified == "key cosign.pub"
    assert sources.asked.count("signature") == 1


async def test_another_key_verifies_anew(sources: Sources) -> None:
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    sources.sources.signed[PINNED] = "key cosign.pub"
    pinned = helm_release({"chart": {"url": URL, "digest": PINNED, "verify": SIGNED["chart"]["verify"]}})
    await sources.chosen(pinned)
    await sources.chosen(pinned, hours=9)
    assert sources.asked == ["signature"]
    sources.configs.put("Secret", "keys", **{"other.pub": KEY})
    await sources.chosen(pinned)
    assert sources.asked == ["signature"] * 2


async def test_while_the_source_is_away_other_keys_are_not_passed_over(sources: Sources) -> None:
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    sources.put_repository(url="oci://registry.example/charts")
    await sources.chosen(helm_release(NAMED))
    sources.sources.break_down()
    assert (await sources.chosen(helm_release(NAMED), minutes=10)).problem is not None
    sources.put_repository(url="oci://registry.example/charts", verify=SIGNED["chart"]["verify"])
    await sources.problem(helm_release(NAMED), minutes=10)


async def test_while_a_repository_is_suspended_a_signature_must_be_known(sources: Sources) -> None:
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    sources.put_repository(url="oci://registry.example/charts")
    await sources.chosen(helm_release(NAMED))
    sources.put_repository(url="oci://registry.example/charts", suspend=True, verify=SIGNED["chart"]["verify"])
    problem = await sources.problem(helm_release(NAMED))
    assert "is suspended, and nobody can be asked for the signature that is demanded" in problem.message
    sources.sources.cached.add(FIRST)
    assert (await sources.chosen(helm_release(NAMED))).verified == "before"
    assert "signature" not in [what for what, _ in sources.sources.asked]


@pytest.mark.parametrize("moved", [False, True])
async def test_credentials_are_passed_on_to_where_the_index_of_now_says(sources: Sources, moved: bool) -> None:
    sources.configs.put("Secret", "pull", username="me", password="word")
    sources.put_repository(url=INDEX, secretRef={"name": "pull"}, passCredentials=True)
    first = await sources.chosen(helm_release(NAMED))
    if moved:
        sources.put_repository(url=f"{INDEX}/moved", secretRef={"name": "pull"}, passCredentials=True)
        sources.sources.break_down()
        assert (await sources.chosen(helm_release(NAMED), minutes=10)).chart == first.chart
    with suppress(RegistryUnavailable):
        await sources.charts.archive(helm_release(NAMED), first.chart.url, FIRST)
    shown = {access.pass_credentials for what, access in sources.sources.asked if what == first.chart.url}
    assert shown == {not moved}


async def test_a_pinned_chart_is_asked_for_anew_where_credentials_are_passed_on(sources: Sources) -> None:
    """After a restart: which repository placed it there is not in the status."""
    pinned = {"chart": {"repository": {"ref": {"name": "stable"}}, "name": "shop", "digest": SECOND}}
    sources.configs.put("Secret", "pull", username="me", password="word")
    sources.put_repository(url=INDEX, secretRef={"name": "pull"}, passCredentials=True)
    release = helm_release(pinned, status=installed().status)
    await sources.chosen(release)
    await sources.chosen(release, minutes=1)
    assert [what for what, _ in sources.sources.asked] == [SECOND]


async def test_a_chart_that_is_not_signed_is_refused(sources: Sources) -> None:
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    sources.sources.signed[FIRST] = "key cosign.pub"
    release = helm_release(SIGNED)
    await sources.chosen(release)
    sources.sources.break_down(VerificationFailed("registry.example/charts/shop", "no signature by a key of ours"))
    problem = await sources.problem(release, minutes=10)
    assert problem.reason is Reason.VERIFICATION_FAILED


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        pytest.param(None, "Secret demo/keys, which spec.chart.verify.secretRef names, does not exist", id="missing"),
        pytest.param({"key": KEY}, "Secret demo/keys has no public key", id="no key"),
        pytest.param({"cosign.pub": "none"}, "cosign.pub", id="no PEM"),
    ],
)
async def test_keys_that_are_not_there(sources: Sources, secret: dict[str, str] | None, words: str) -> None:
    if secret is not None:
        sources.configs.put("Secret", "keys", **secret)
    problem = await sources.problem(helm_release(SIGNED))
    assert problem.reason is Reason.SOURCE_NOT_READY
    assert words in problem.message
    assert sources.asked == []


async def test_without_its_keys_a_release_does_not_go_on(sources: Sources) -> None:
    sources.configs.put("Secret", "keys", **{"cosign.pub": KEY})
    sources.sources.signed[FIRST] = "key cosign.pub"
    release = helm_release(SIGNED)
    await sources.chosen(release)
    sources.sources.break_down()
    assert (await sources.chosen(release, minutes=10)).verified == "key cosign.pub"
    del sources.configs.objects["Secret", "keys"]
    await sources.problem(release, minutes=10)


async def test_what_is_kept_for_a_release_goes_with_it(sources: Sources) -> None:
    release = helm_release(RANGE)
    await sources.chosen(release)
    sources.charts.forget(release.uid)
    sources.sources.break_down()
    await sources.problem(replace(release), minutes=10)
