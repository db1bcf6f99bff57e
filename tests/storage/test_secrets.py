"""The store of release records on a real API server: what it writes, and who wins when two write."""

import base64
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.core.api.names import LABEL_RECORD_REVISION, LABEL_RELEASE_UID
from steersman.core.release.errors import RecordConflict, RecordExists, RecordTooLarge, RecordUnreadable
from steersman.core.release.model import Release, ReleaseChart, ReleaseStatus, record_labels
from steersman.kube.objects import Objects
from steersman.kube.resources import SECRETS
from steersman.storage.secrets import SecretStore

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def release(namespace: str, name: str, revision: int = 1, **fields: Any) -> Release:
    return replace(
        Release(
            name=name,
            namespace=namespace,
            revision=revision,
            status=ReleaseStatus.PENDING_INSTALL,
            chart=ReleaseChart({"name": "web", "version": "1.2.3", "apiVersion": "v2"}, {"replicas": 1}),
            config={"replicas": 2},
            manifest="---\n# Source: web/templates/a.yaml\napiVersion: v1\n",
            first_deployed=NOON,
            last_deployed=NOON,
            labels=record_labels("u-1", revision),
        ),
        **fields,
    )


async def test_a_record_is_a_secret_as_helm_names_and_labels_it(
    records: SecretStore, objects: Objects, namespace: str
) -> None:
    written = await records.create(release(namespace, "labels"))
    secret = await objects.get(SECRETS, namespace, "sh.helm.release.v1.labels.v1")
    assert secret is not None
    assert secret["type"] == "helm.sh/release.v1"
    assert secret["metadata"]["labels"] == {
        "name": "labels",
        "owner": "helm",
        "status": "pending-install",
        "version": "1",
        "createdAt": str(int(NOON.timestamp())),
        LABEL_RELEASE_UID: "u-1",
        LABEL_RECORD_REVISION: "1",
    }
    assert (written.record_uid, written.resource_version) == (
        secret["metadata"]["uid"],
        secret["metadata"]["resourceVersion"],
    )
    deployed = await records.update(written.with_status(ReleaseStatus.DEPLOYED, "Install complete"))
    secret = await objects.get(SECRETS, namespace, "sh.helm.release.v1.labels.v1")
    assert secret is not None
    assert secret["metadata"]["labels"]["status"] == "deployed"
    assert secret["metadata"]["labels"]["modifiedAt"] == str(int(NOON.timestamp()))
    assert await records.history(namespace, "labels") == (deployed,)


async def test_history_is_oldest_first_and_of_this_release_alone(records: SecretStore, namespace: str) -> None:
    for revision in (10, 9, 11):
        await records.create(release(namespace, "many", revision))
    await records.create(release(namespace, "many-more"))
    assert [record.revision for record in await records.history(namespace, "many")] == [9, 10, 11]
    assert await records.history(namespace, "none") == ()


async def test_records_may_be_kept_in_another_namespace(records: SecretStore, namespace: str) -> None:
    written = await records.create(release("elsewhere", "apart", stored_in=namespace))
    (read,) = await records.history(namespace, "apart")
    assert read == written
    assert (read.namespace, read.storage_namespace) == ("elsewhere", namespace)


async def test_of_two_who_create_a_revision_one_is_told(records: SecretStore, namespace: str) -> None:
    await records.create(release(namespace, "twice"))
    with pytest.raises(RecordExists, match=r"sh\.helm\.release\.v1\.twice\.v1: this revision exists already"):
        await records.create(release(namespace, "twice", notes="other"))


async def test_of_two_who_update_a_revision_one_is_told(records: SecretStore, namespace: str) -> None:
    read = await records.create(release(namespace, "race"))
    await records.update(read.with_status(ReleaseStatus.DEPLOYED, "first"))
    with pytest.raises(RecordConflict):
        await records.update(read.with_status(ReleaseStatus.FAILED, "second"))
    with pytest.raises(RecordConflict):
        await records.delete(read)
    (live,) = await records.history(namespace, "race")
    assert live.description == "first"


async def test_a_record_made_anew_is_not_the_one_that_was_read(records: SecretStore, namespace: str) -> None:
    read = await records.create(release(namespace, "anew"))
    await records.delete(read)
    await records.delete(read)
    with pytest.raises(RecordConflict):
        await records.update(read)
    again = await records.create(release(namespace, "anew"))
    with pytest.raises(RecordConflict):
        await records.update(replace(read, resource_version=again.resource_version))
    await records.delete(read)
    assert len(await records.history(namespace, "anew")) == 1


async def test_a_record_that_is_too_large_is_not_sent(records: SecretStore, namespace: str) -> None:
    noise = base64.b85encode(random.Random(1).randbytes(1_500_000)).decode()
    big = release(namespace, "big", manifest=noise)
    with pytest.raises(RecordTooLarge, match=r"more than the 1048576 that a Secret may have \(render less"):
        await records.create(big)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param({}, r"no readable data\.release", id="no data"),
        pytest.param({"release": "eyJ9"}, "no base64 of gzip of JSON", id="no payload"),
        pytest.param({"release": base64.b64encode(base64.b64encode(b"[]")).decode()}, "no object", id="a list"),
        pytest.param(
            {"release": base64.b64encode(base64.b64encode(b'{"name":"x","version":1}')).decode()},
            "not what its name says",
            id="of another release",
        ),
    ],
)
async def test_a_damaged_record_is_named(
    records: SecretStore, objects: Objects, namespace: str, data: dict[str, str], complaint: str
) -> None:
    name = "sh.helm.release.v1.damaged.v1"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {"name": name, "namespace": namespace, "labels": {"name": "damaged", "owner": "helm"}},
        "data": data,
    }
    await objects.create(SECRETS, secret)
    with pytest.raises(RecordUnreadable, match=f"release record {namespace}/{name}: .*{complaint}"):
        await records.history(namespace, "damaged")
    await objects.delete(SECRETS, namespace, name)
