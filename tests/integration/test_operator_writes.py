"""What the operator asks of the API server, counted from its audit log: the write budget of an install, an upgrade
and an uninstall, and the silence of releases that nothing happens to.
"""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from integration.operating import Bench, PushedChart, ReleaseHandle, operating
from operators.process import NAMESPACE
from testenv.audit import Audit, Request, Requests
from testenv.instance import Instance

USER = f"system:serviceaccount:{NAMESPACE}:steersman"
SETTLED = 2.0
"""Seconds after which what an action caused has been said: Events, and the news of its own writes."""
REST = 20.0

CHART = {
    "templates/objects.yaml": """\
{apiVersion: v1, kind: ConfigMap, metadata: {name: {{ .Release.Name }}}, data: {text: {{ .Values.text }}}}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: nginx}]}
"""
}
OBJECTS = {"configmaps", "services", "deployments"}

FINALIZER, STATUS = "patch helmreleases", "patch helmreleases/status"
RECORD, RECORD_UPDATE = "create secrets", "update secrets"
INVENTORY, INVENTORY_UPDATE = "create releaseinventories", "update releaseinventories"
APPLY, DRY_RUN, DELETE = "patch objects", "dry run objects", "delete objects"


@pytest.fixture(scope="module")
def bench(own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with operating(own_control_plane, tmp_path_factory.mktemp("writes")) as bench:
        yield bench


@pytest.fixture(scope="module")
def chart(bench: Bench) -> PushedChart:
    return bench.chart("three", CHART, values={"text": "one"})


@pytest.fixture
def audit(bench: Bench) -> Audit:
    return Audit(bench.instance.audit_log, bench.instance.api)


def test_the_write_budget_of_a_release_of_three_objects(bench: Bench, chart: PushedChart, audit: Audit) -> None:
    release = bench.release(bench.namespace("budget"), "web")

    mark = audit.mark()
    release.apply(chart.by_digest()).wait_ready(1)
    assert written_since(mark, audit) == {
        STATUS: 2, FINALIZER: 1, RECORD: 1, RECORD_UPDATE: 1, INVENTORY: 1, APPLY: 3,
    }  # fmt: skip

    mark = audit.mark()
    release.apply(chart.by_digest(), values={"text": "two"}).wait_ready(2)
    # Only the object that changes is tried first; the record before is marked superseded.
    assert written_since(mark, audit) == {
        STATUS: 2, RECORD: 1, RECORD_UPDATE: 2, INVENTORY_UPDATE: 1, APPLY: 3, DRY_RUN: 1,
    }  # fmt: skip

    mark = audit.mark()
    release.delete()
    release.wait_gone()
    # The inventory loses its finalizer before it is deleted.
    assert written_since(mark, audit) == {
        STATUS: 1, RECORD_UPDATE: 1, DELETE: 3, "delete secrets": 2,
        "patch releaseinventories": 1, "delete releaseinventories": 1, FINALIZER: 1,
    }  # fmt: skip


def test_events_are_few(bench: Bench, chart: PushedChart, audit: Audit) -> None:
    release = bench.release(bench.namespace("events"), "web")
    mark = audit.mark()
    release.apply(chart.by_digest()).wait_ready(1)
    time.sleep(SETTLED)
    assert len(asked_since(mark, audit).of("events").writes()) == 1
    assert [reason for reason, _ in release.events()] == ["InstallSucceeded"]


def test_nothing_is_asked_for_releases_at_rest(bench: Bench, chart: PushedChart, audit: Audit) -> None:
    namespace = bench.namespace("rest")
    releases = [bench.release(namespace, f"web-{number}").apply(chart.by_digest()) for number in range(3)]
    for release in releases:
        release.wait_ready(1)
    time.sleep(SETTLED)
    before, mark = versions(releases), audit.mark()
    time.sleep(REST)
    asked = asked_since(mark, audit)
    lease = [request for request in asked if request.resource == "leases"]
    assert {request.verb for request in lease} == {"update"}
    assert len(lease) <= REST / 5 + 1
    # A stream that comes to its end is begun anew: that is no business of a release.
    assert [each for each in asked if each.resource != "leases" and each.verb != "watch"] == []
    assert versions(releases) == before


@pytest.mark.parametrize("annotation", ["reconcile_at", "reset_at"])
def test_a_request_that_changes_nothing_is_answered_in_the_status_alone(
    bench: Bench, chart: PushedChart, audit: Audit, annotation: str
) -> None:
    release = bench.release(bench.namespace("request"), "web").apply(chart.by_digest())
    release.wait_ready(1)
    time.sleep(SETTLED)
    mark = audit.mark()
    release.annotate(**{annotation: "now"})
    key = {"reconcile_at": "reconcileAt", "reset_at": "resetAt"}[annotation]
    release.wait("dealt with", lambda obj: obj["status"].get("lastHandled", {}).get(key) == "now")
    assert written_since(mark, audit) == {STATUS: 1}
    assert asked_since(mark, audit).within(release.namespace).by_verb() == {"patch": 1}


def test_a_change_of_the_spec_that_asks_for_nothing_new_makes_no_revision(
    bench: Bench, chart: PushedChart, audit: Audit
) -> None:
    release = bench.release(bench.namespace("spec"), "web").apply(chart.by_digest())
    release.wait_ready(1)
    time.sleep(SETTLED)
    mark = audit.mark()
    release.apply(chart.by_digest(), interval="30m", timeout="4m")
    release.wait_ready(1)
    assert written_since(mark, audit) == {STATUS: 1}


# --- helpers --------------------------------------------------------------------------------------------------------


def asked_since(mark: int, audit: Audit) -> Requests:
    """What the operator asked for, kopf's part of it included."""
    return Requests(tuple(request for request in audit.since(mark) if request.user == USER))


def written_since(mark: int, audit: Audit) -> Counter[str]:
    """The writes since the mark, once all is said, but those to the Lease and Events."""
    time.sleep(SETTLED)
    writes = [each for each in asked_since(mark, audit).writes() if each.resource not in ("leases", "events")]
    return Counter(_told(each) for each in writes)


def _told(request: Request) -> str:
    verb = "dry run" if "dryRun=" in request.uri else request.verb
    resource = "objects" if request.resource in OBJECTS else request.resource
    return f"{verb} {resource}" + (f"/{request.subresource}" if request.subresource else "")


def versions(releases: list[ReleaseHandle]) -> list[str]:
    return [(release.object() or {})["metadata"]["resourceVersion"] for release in releases]
