"""What was put right while no operator ran: it is noticed by the next one, whatever pause its status remembers."""

from functools import partial

import pytest
from integration.operating import Bench, Object, PushedChart, ReleaseHandle, config_map, objects

PATIENT: Object = {"install": {"retryInterval": "10m"}}
"""Longer than any wait of a test: what is noticed was not waited for."""


def _restarted(bench: Bench) -> None:
    bench.operator.start()
    bench.operator.wait_ready()


def _failing(release: ReleaseHandle, chart: Object, part: str, **spec: object) -> ReleaseHandle:
    """Applied, and told to wait for ten minutes after its first failure."""
    release.apply(chart, **PATIENT, **spec)
    told = release.wait_condition("Ready", "False")["message"]
    assert part in told
    return release


@pytest.mark.parametrize("late", [False, True], ids=["while it is stopped", "after the start"])
def test_sources_put_right_around_a_restart(bench: Bench, anything: PushedChart, late: bool) -> None:
    namespace = bench.namespace("right")
    plain = anything.by_version("0.1.x")
    named = {"repository": {"ref": {"name": "stable"}}, "name": "anything", "version": "0.1.x"}
    from_map = {"valuesFrom": [{"kind": "ConfigMap", "name": "settings"}]}
    one, two, three = (objects(config_map(name)) for name in ("one", "two", "three"))
    makes = partial(bench.release, namespace)
    waiting = [
        _failing(makes("secret"), {**plain, "secretRef": {"name": "login"}}, "Secret", values=one),
        _failing(makes("account"), {**plain, "serviceAccountName": "puller"}, "ServiceAccount", values=two),
        _failing(makes("named"), named, "ChartRepository", values=three),
        _failing(makes("values"), anything.by_digest(), "ConfigMap", **from_map),
    ]
    assert bench.operator.stop() == 0
    if late:
        _restarted(bench)
    bench.secret(namespace, "login", username="me", password="word")
    bench.kubectl.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "puller"}}, namespace=namespace
    )
    bench.kubectl.apply(config_map("settings", {"values.yaml": "objects: []"}), namespace=namespace)
    bench.repository(namespace, "stable").apply(url=anything.url.rpartition("/")[0], insecure=True)
    if not late:
        _restarted(bench)
    for release in waiting:
        assert "failures" not in release.wait_ready(1, patience=20)


def test_a_source_that_still_fails_keeps_its_pause(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    chart = {**anything.by_version("0.1.x"), "serviceAccountName": "puller"}
    _failing(release, chart, "ServiceAccount")
    before = release.status()
    assert bench.operator.stop() == 0
    _restarted(bench)
    other = bench.release(release.namespace, "other").apply(anything.by_digest(), values=objects(config_map("made")))
    other.wait_ready(1)
    assert release.status() == before
