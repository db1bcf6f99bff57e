"""Lost answers, refusals, cut streams between us and the real API server: nothing is done twice, nothing missed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from integration.kube_proxy import Proxy, proxied
from testenv.instance import Instance

from steersman.core.manifest.identity import KubernetesObject
from steersman.kube.client import ClientSettings, KubeClient
from steersman.kube.credentials import Credentials
from steersman.kube.errors import (
    AlreadyExists,
    Invalid,
    QuotaRace,
    ServerError,
    StaleObject,
    TooManyRequests,
    Unreachable,
)
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import CONFIG_MAPS
from steersman.kube.retry import RetryPolicy
from steersman.kube.watch import Watched

QUICK = ClientSettings(timeout=5.0, retry=RetryPolicy(pause=0.005, patience=2.0))


@pytest.fixture
async def proxy(control_plane: Instance, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with proxied(control_plane, tmp_path) as running:
        yield running


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[KubeClient]:
    async with KubeClient.open(await Credentials.from_kubeconfig(str(proxy.kubeconfig)), QUICK) as opened:
        yield opened


@pytest.fixture
def far(client: KubeClient) -> Objects:
    """Reads and writes through the proxy; `objects` goes past it."""
    return Objects(client)


def config_map(namespace: str, name: str, **data: str) -> KubernetesObject:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"test": name}},
        "data": data,
    }


def status(code: int, message: str, reason: str = "") -> bytes:
    return orjson.dumps({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message})


@pytest.mark.parametrize("kind", ["lose the request", "lose the answer"])
async def test_an_apply_without_an_answer_is_sent_again(proxy: Proxy, far: Objects, namespace: str, kind: str) -> None:
    proxy.expect("PATCH", "lost-apply", kind)  # type: ignore[arg-type]
    applied = await far.apply(CONFIG_MAPS, config_map(namespace, f"lost-apply-{kind[9:]}", key="value"))
    assert applied.object["data"] == {"key": "value"}
    assert proxy.count("PATCH") == 2


@pytest.mark.parametrize("kind", ["lose the request", "lose the answer"])
async def test_a_create_without_an_answer_happens_once(proxy: Proxy, far: Objects, namespace: str, kind: str) -> None:
    proxy.expect("POST", "configmaps", kind)  # type: ignore[arg-type]
    created = await far.create(CONFIG_MAPS, config_map(namespace, f"lost-create-{kind[9:]}", key="value"))
    assert created["data"] == {"key": "value"}
    assert proxy.count("POST") == (1 if kind == "lose the answer" else 2)


async def test_a_create_without_an_answer_does_not_take_a_strangers_object(
    proxy: Proxy, far: Objects, objects: Objects, namespace: str
) -> None:
    await objects.create(CONFIG_MAPS, config_map(namespace, "stranger", key="theirs"))
    proxy.expect("POST", "configmaps", "lose the request")
    with pytest.raises(AlreadyExists):
        await far.create(CONFIG_MAPS, config_map(namespace, "stranger", key="ours"))


@pytest.mark.parametrize("kind", ["lose the request", "lose the answer"])
async def test_an_update_without_an_answer_happens_once(
    proxy: Proxy, far: Objects, objects: Objects, namespace: str, kind: str
) -> None:
    live = await objects.create(CONFIG_MAPS, config_map(namespace, f"lost-update-{kind[9:]}", key="old"))
    proxy.expect("PUT", "lost-update", kind)  # type: ignore[arg-type]
    updated = await far.replace(CONFIG_MAPS, {**live, "data": {"key": "new"}})
    assert updated["data"] == {"key": "new"}
    assert updated == await objects.get(CONFIG_MAPS, namespace, live["metadata"]["name"])


async def test_an_update_without_an_answer_yields_to_one_that_came_between(
    proxy: Proxy, far: Objects, objects: Objects, namespace: str
) -> None:
    live = await objects.create(CONFIG_MAPS, config_map(namespace, "between", key="old"))
    await objects.replace(CONFIG_MAPS, {**live, "data": {"key": "theirs"}})
    proxy.expect("PUT", "between", "lose the request")
    with pytest.raises(StaleObject):
        await far.replace(CONFIG_MAPS, {**live, "data": {"key": "ours"}})


async def test_a_delete_without_an_answer_is_sent_again_for_that_uid_only(
    proxy: Proxy, far: Objects, objects: Objects, namespace: str
) -> None:
    live = await objects.create(CONFIG_MAPS, config_map(namespace, "lost-delete"))
    proxy.expect("DELETE", "lost-delete", "lose the answer")
    await far.delete(CONFIG_MAPS, namespace, "lost-delete", uid=live["metadata"]["uid"])
    assert await objects.get(CONFIG_MAPS, namespace, "lost-delete") is None
    assert proxy.count("DELETE") == 2


async def test_a_delete_without_uid_and_answer_is_left_to_the_caller(
    proxy: Proxy, far: Objects, objects: Objects, namespace: str
) -> None:
    await objects.create(CONFIG_MAPS, config_map(namespace, "blind-delete"))
    proxy.expect("DELETE", "blind-delete", "answer", times=9, status=504, body=status(504, "timeout"))
    with pytest.raises(ServerError):
        await far.delete(CONFIG_MAPS, namespace, "blind-delete")
    assert proxy.count("DELETE") == 1


async def test_what_is_down_for_long_is_unreachable(proxy: Proxy, far: Objects, namespace: str) -> None:
    proxy.expect("GET", "down", "lose the request", times=99)
    with pytest.raises(Unreachable) as caught:
        await far.get(CONFIG_MAPS, namespace, "down")
    assert caught.value.transient
    assert f"get ConfigMap {namespace}/down" in caught.value.message


async def test_retry_after_is_honoured_and_not_counted(proxy: Proxy, far: Objects, namespace: str) -> None:
    body, wait = status(429, "too many requests"), {"Retry-After": "0"}
    proxy.expect("PATCH", "busy", "answer", times=6, status=429, body=body, headers={**wait, "X-Try": "later"})
    with pytest.raises(TooManyRequests):
        # `0` means a second, and two seconds is all the patience of these settings
        await far.apply(CONFIG_MAPS, config_map(namespace, "busy"))


@pytest.mark.parametrize(
    ("code", "message", "tries"),
    [
        (503, "the server is currently unable to handle the request", 2),
        (500, 'Internal error occurred: failed calling webhook "a.b": no endpoints', 2),
        (409, 'Operation cannot be fulfilled on resourcequotas "q": the object has been modified', 2),
    ],
    ids=["unavailable", "webhook", "quota race"],
)
async def test_what_passes_is_tried_again(
    proxy: Proxy, far: Objects, namespace: str, code: int, message: str, tries: int
) -> None:
    proxy.expect("PATCH", f"passing-{code}", "answer", status=code, body=status(code, message, "Conflict"))
    assert (await far.apply(CONFIG_MAPS, config_map(namespace, f"passing-{code}"))).created
    assert proxy.count("PATCH") == tries


async def test_a_quota_race_is_given_up_after_five_tries(proxy: Proxy, far: Objects, namespace: str) -> None:
    message = 'Operation cannot be fulfilled on resourcequotas "q": the object has been modified'
    proxy.expect("PATCH", "race", "answer", times=99, status=409, body=status(409, message, "Conflict"))
    with pytest.raises(QuotaRace):
        await far.apply(CONFIG_MAPS, config_map(namespace, "race"))
    assert proxy.count("PATCH") == 5


async def test_what_the_server_refuses_is_not_tried_again(proxy: Proxy, far: Objects, namespace: str) -> None:
    broken = config_map(namespace, "invalid")
    broken["data"] = {"no/slash": "allowed"}
    with pytest.raises(Invalid):
        await far.apply(CONFIG_MAPS, broken)
    assert proxy.count("PATCH") == 1


async def test_a_refused_token_is_read_anew(proxy: Proxy, control_plane: Instance, namespace: str) -> None:
    good = proxy.kubeconfig.read_text()
    proxy.kubeconfig.write_text(good.replace(control_plane.admin_token, "expired"))
    credentials = await Credentials.from_kubeconfig(str(proxy.kubeconfig), renew_pause=0.0)
    async with KubeClient.open(credentials, QUICK) as client:
        proxy.kubeconfig.write_text(good)
        assert await Objects(client).get(CONFIG_MAPS, namespace, "nobody") is None
        assert proxy.count("GET") == 2


# --- watches ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def watched(client: KubeClient, namespace: str) -> AsyncIterator[Watched]:
    made = Watched(client, Selection(CONFIG_MAPS, namespace, labels="test=watched"))
    yield made
    await made.stop()


async def until(watched: Watched, count: int) -> None:
    async with asyncio.timeout(20):
        while len(watched.store) != count:  # noqa: ASYNC110  (what is waited for is in another process)
            await asyncio.sleep(0.02)


async def test_a_cut_watch_goes_on_where_it_was(
    proxy: Proxy, watched: Watched, objects: Objects, namespace: str
) -> None:
    proxy.expect("GET", "watch=true", "cut")
    watched.start()
    await watched.synced.wait()
    await objects.create(CONFIG_MAPS, config_map(namespace, "watched"))
    await until(watched, 1)
    await objects.delete(CONFIG_MAPS, namespace, "watched")
    await until(watched, 0)
    assert proxy.count("GET", "limit=") == 1
    assert proxy.count("GET", "watch=true") == 2


@pytest.mark.parametrize("how", ["as the answer", "as an event"])
async def test_a_resource_version_that_is_too_old_is_listed_anew(
    proxy: Proxy, watched: Watched, objects: Objects, namespace: str, how: str
) -> None:
    gone = status(410, "too old resource version", "Expired")
    event = orjson.dumps({"type": "ERROR", "object": orjson.loads(gone)}) + b"\n"
    code, body = (410, gone) if how == "as the answer" else (200, event)
    proxy.expect("GET", "watch=true", "answer", status=code, body=body)
    watched.start()
    await watched.synced.wait()
    await objects.create(CONFIG_MAPS, config_map(namespace, "watched"))
    await until(watched, 1)
    await objects.delete(CONFIG_MAPS, namespace, "watched")
    await until(watched, 0)
    assert proxy.count("GET", "limit=") == 2


async def test_a_list_comes_page_by_page(proxy: Proxy, far: Objects, objects: Objects, namespace: str) -> None:
    made = [config_map(namespace, f"page-{number}") for number in range(7)]
    for each in made:
        each["metadata"]["labels"] = {"test": "pages"}
    await asyncio.gather(*(objects.create(CONFIG_MAPS, each) for each in made))
    listing = await far.select(Selection(CONFIG_MAPS, namespace, labels="test=pages"), page=3)
    assert sorted(item["metadata"]["name"] for item in listing.items) == [f"page-{number}" for number in range(7)]
    assert proxy.count("GET", "limit=3") == 3
