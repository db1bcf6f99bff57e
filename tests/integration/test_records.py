"""Release records between Steersman and the real Helm: each reads, and carries on, what the other wrote.

`docs/records.md` tells users what is asserted here.
"""

import base64
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from testenv.clients import Helm, Kubectl
from testenv.instance import Instance

from steersman.core.api.names import MANAGER_OBJECTS
from steersman.core.release.digest import record_digest
from steersman.core.release.model import HookPhase, Release, ReleaseStatus, record_labels
from steersman.kube.client import KubeClient
from steersman.kube.credentials import Credentials
from steersman.kube.objects import Objects
from steersman.kube.resources import SECRETS
from steersman.storage.secrets import SecretStore

DATA = Path(__file__).parents[1] / "data" / "records"
CHART = str(DATA / "chart")
VALUES = str(DATA / "values.yaml")
VALUES_AS_JSON: dict[str, Any] = {"count": 4, "extra": {"b": 1.0, "a": 1e21, "c": 12345678901234567890, "d": None}}
"""The same values as a HelmRelease carries them, numbers not yet passed through Go."""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
UID = "0b3a6f0e-6d1f-4b52-9d0a-1f6f5e1d2c3b"


@dataclass(frozen=True)
class StoppedClock:
    def now(self) -> datetime:
        return NOON


@pytest.fixture
async def objects(control_plane: Instance) -> AsyncIterator[Objects]:
    credentials = await Credentials.from_kubeconfig(str(control_plane.kubeconfig))
    async with KubeClient.open(credentials) as client:
        yield Objects(client)


@pytest.fixture
def records(objects: Objects) -> SecretStore:
    return SecretStore(objects, StoppedClock())


@dataclass(frozen=True)
class Cluster:
    """Helm and the store in one namespace."""

    helm: Helm
    kubectl: Kubectl
    objects: Objects
    records: SecretStore
    namespace: str

    def run(self, *arguments: str) -> str:
        """What helm says on stdout."""
        return self.helm(*arguments, "-n", self.namespace).stdout

    def json(self, *arguments: str) -> Any:
        return self.helm.json(*arguments, "-n", self.namespace)

    async def newest(self, name: str) -> Release:
        return (await self.records.history(self.namespace, name))[-1]

    async def document(self, release: Release) -> dict[str, Any]:
        """The JSON in a record."""
        secret = await self.objects.get(SECRETS, self.namespace, release.record_name)
        assert secret is not None
        document: dict[str, Any] = json.loads(
            gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"])))
        )
        return document

    async def write(self, name: str, greeting: str = "hello") -> Release:
        """A release as Steersman makes one: the objects of the chart, applied with Helm's marks, and a slim record."""
        self.run("install", f"{name}-model", CHART, "-f", VALUES, "--set-string", f"greeting={greeting}")
        model = await self.newest(f"{name}-model")
        self.run("uninstall", f"{name}-model")
        renamed = replace(
            model,
            name=name,
            config=VALUES_AS_JSON | {"greeting": greeting},
            manifest=model.manifest.replace(f"{name}-model", name),
            notes=model.notes.replace(f"{name}-model", name),
            hooks=tuple(
                replace(hook, name=f"{name}-hook", manifest=hook.manifest.replace(f"{name}-model", name))
                for hook in model.hooks
            ),
            labels=record_labels(UID, 1),
        )
        self.apply(renamed)
        return await self.records.create(renamed)

    def apply(self, release: Release) -> None:
        """Apply the objects of a manifest as Steersman does, with the marks by which Helm knows its own."""
        marks = {
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {
                "meta.helm.sh/release-name": release.name,
                "meta.helm.sh/release-namespace": release.namespace,
            },
        }
        for document in yaml.safe_load_all(release.manifest):
            document["metadata"] |= marks
            manager = ("apply", "--server-side", "--field-manager", MANAGER_OBJECTS)
            self.kubectl(*manager, "-n", self.namespace, "-f", "-", stdin=json.dumps(document))

    def greeting(self, name: str) -> str | None:
        """What the release's ConfigMap says now; None when it is gone."""
        found = self.kubectl("get", "cm", name, "-n", self.namespace, "-o", "json", "--ignore-not-found").stdout
        return json.loads(found)["data"]["greeting"] if found else None


@pytest.fixture
def cluster(helm: Helm, kubectl: Kubectl, objects: Objects, records: SecretStore, namespace: str) -> Cluster:
    return Cluster(helm, kubectl, objects, records, namespace)


# --- what Helm wrote --------------------------------------------------------------------------------------------------


async def test_records_of_helm_are_read(cluster: Cluster) -> None:
    cluster.run("install", "theirs", CHART, "-f", VALUES)
    cluster.run("upgrade", "theirs", CHART, "--reuse-values", "--set", "count=5", "--description", "by hand")
    first, second = await cluster.records.history(cluster.namespace, "theirs")
    assert (first.status, second.status) == (ReleaseStatus.SUPERSEDED, ReleaseStatus.DEPLOYED)
    assert (first.is_ours, second.is_ours) == (False, False)
    assert second.description == "by hand"
    assert second.manifest == cluster.run("get", "manifest", "theirs").removesuffix("\n")
    assert second.config == cluster.json("get", "values", "theirs")
    status = cluster.json("status", "theirs")
    assert second.notes == status["info"]["notes"]
    assert second.chart.label == cluster.json("list")[0]["chart"]
    assert [(hook.name, hook.weight, hook.last_run.phase) for hook in second.hooks] == [
        ("theirs-hook", -5, HookPhase.SUCCEEDED)
    ]
    assert second.first_deployed == first.first_deployed
    assert datetime.fromisoformat(status["info"]["last_deployed"]).replace(microsecond=0) == (
        second.last_deployed and second.last_deployed.replace(microsecond=0)
    )


async def test_records_of_helm_keep_their_chart_when_we_change_their_state(cluster: Cluster) -> None:
    cluster.run("install", "kept", CHART)
    read = await cluster.newest("kept")
    before = await cluster.document(read)
    await cluster.records.update(read.with_status(ReleaseStatus.SUPERSEDED, "Superseded by Steersman"))
    after = await cluster.document(read)
    assert after["chart"] == before["chart"]
    assert len(after["chart"]["templates"]) == 3
    (row,) = cluster.json("history", "kept")
    assert (row["status"], row["description"]) == ("superseded", "Superseded by Steersman")


# --- what we wrote ----------------------------------------------------------------------------------------------------


async def test_helm_shows_a_release_of_ours_as_its_own(cluster: Cluster) -> None:
    ours = await cluster.write("shown")
    cluster.run("install", "model", CHART, "-f", VALUES, "--set-string", "greeting=hello")

    def renamed(text: str) -> str:
        return text.replace("model", "shown")

    for what in ("manifest", "notes", "values", "hooks"):
        assert cluster.run("get", what, "shown") == renamed(cluster.run("get", what, "model")), what
    assert cluster.json("get", "values", "shown", "--all") == cluster.json("get", "values", "model", "--all")
    shown, model = (cluster.json("get", "metadata", name) for name in ("shown", "model"))
    for same in ("chart", "version", "appVersion", "namespace", "revision", "status", "applyMethod", "annotations"):
        assert shown.get(same) == model.get(same), same
    (row,) = [row for row in cluster.json("list") if row["name"] == "shown"]
    assert (row["revision"], row["status"], row["chart"], row["app_version"]) == (
        "1",
        "deployed",
        "records-1.2.3",
        "9.9",
    )
    (entry,) = cluster.json("history", "shown")
    assert (entry["revision"], entry["status"], entry["description"]) == (1, "deployed", "Install complete")
    status = cluster.json("status", "shown")
    assert (status["name"], status["info"]["status"], status["version"]) == ("shown", "deployed", 1)
    assert ours.manifest.rstrip("\n") == status["manifest"].rstrip("\n")
    assert "shown" in cluster.run("get", "all", "shown")


async def test_slim_records_hold_no_files_of_the_chart(cluster: Cluster) -> None:
    ours = await cluster.write("slim")
    chart = (await cluster.document(ours))["chart"]
    assert {part: chart[part] for part in ("templates", "files", "schema", "lock")} == {
        "templates": None,
        "files": None,
        "schema": None,
        "lock": None,
    }
    assert chart["metadata"]["name"] == "records"
    assert chart["values"]["greeting"] == "hello"


async def test_helm_upgrades_a_release_of_ours(cluster: Cluster) -> None:
    """The objects are Steersman's by their field manager: without --force-conflicts Helm says so and stops."""
    await cluster.write("upgraded")
    command = ("upgrade", "upgraded", CHART, "--reuse-values", "--set", "greeting=upgraded")
    refused = cluster.helm(*command, "-n", cluster.namespace, check=False)
    assert refused.returncode != 0
    assert 'conflicts with "steersman"' in refused.stderr
    cluster.run(*command, "--force-conflicts")
    first, failed, last = await cluster.records.history(cluster.namespace, "upgraded")
    assert cluster.greeting("upgraded") == "upgraded"
    assert [record.status for record in (first, failed, last)] == [
        ReleaseStatus.SUPERSEDED,
        ReleaseStatus.FAILED,
        ReleaseStatus.DEPLOYED,
    ]
    assert (last.config["count"], last.config["extra"]["b"]) == (4, 1)


async def test_what_helm_makes_of_ours_is_not_taken_for_ours(cluster: Cluster) -> None:
    """Helm copies the labels of the revision before; the revision among them gives the copy away."""
    ours = await cluster.write("copied")
    cluster.run("upgrade", "copied", CHART, "--force-conflicts")
    cluster.run("rollback", "copied", "1", "--force-conflicts")
    history = await cluster.records.history(cluster.namespace, "copied")
    assert [record.labels.get("steersman.dev/release-uid") for record in history] == [UID] * 3
    assert [record.written_by(UID) for record in history] == [True, False, False]
    assert record_digest(history[0]) == record_digest(ours)


async def test_helm_rolls_back_to_a_slim_record(cluster: Cluster) -> None:
    await cluster.write("back", greeting="first")
    cluster.run("upgrade", "back", CHART, "--set", "greeting=second", "--force-conflicts")
    assert cluster.greeting("back") == "second"
    cluster.run("rollback", "back", "1", "--force-conflicts")
    assert cluster.greeting("back") == "first"
    newest = await cluster.newest("back")
    assert (newest.revision, newest.rollback_revision, newest.description) == (3, 1, "Rollback to 1")


async def test_helm_uninstalls_a_release_of_ours(cluster: Cluster) -> None:
    await cluster.write("removed")
    assert cluster.greeting("removed") == "hello"
    cluster.run("uninstall", "removed", "--wait")
    assert cluster.greeting("removed") is None
    assert await cluster.records.history(cluster.namespace, "removed") == ()


async def test_helm_uninstalls_and_keeps_the_history_of_ours(cluster: Cluster) -> None:
    ours = await cluster.write("remembered")
    cluster.run("uninstall", "remembered", "--keep-history")
    (record,) = await cluster.records.history(cluster.namespace, "remembered")
    assert (record.status, record.description) == (ReleaseStatus.UNINSTALLED, "Uninstallation complete")
    assert record.deleted is not None
    assert record_digest(record) == record_digest(ours)


async def test_helm_keeps_its_hands_off_while_we_work(cluster: Cluster) -> None:
    ours = await cluster.write("busy")
    await cluster.records.update(ours.with_status(ReleaseStatus.PENDING_UPGRADE, "Preparing upgrade"))
    refused = cluster.helm("upgrade", "busy", CHART, "-n", cluster.namespace, check=False)
    assert refused.returncode != 0
    assert "another operation (install/upgrade/rollback) is in progress" in refused.stderr
    assert cluster.json("status", "busy")["info"]["status"] == "pending-upgrade"
    (row,) = [row for row in cluster.json("list") if row["name"] == "busy"]
    assert row["status"] == "pending-upgrade"


async def test_helm_tests_a_release_of_ours(cluster: Cluster) -> None:
    """Tests are hooks, and hooks are in the record."""
    ours = await cluster.write("tested")
    test = replace(
        ours.hooks[0],
        name="tested-test",
        events=("test",),
        manifest=ours.hooks[0].manifest.replace("pre-install,pre-upgrade", "test").replace("-hook\n", "-test\n"),
    )
    await cluster.records.update(replace(ours, hooks=(test,)))
    cluster.run("test", "tested")
    assert (await cluster.newest("tested")).hooks[0].last_run.phase is HookPhase.SUCCEEDED


async def test_helm_cannot_show_the_templates_of_a_slim_record(cluster: Cluster) -> None:
    """The one thing that is lost; a record of Helm's own has them."""
    await cluster.write("bare")
    cluster.run("install", "rich", CHART)
    template = "{{ len .Release.Chart.Templates }} {{ len .Release.Chart.Files }}"
    assert cluster.run("get", "all", "bare", "--template", template).strip() == "0 0"
    assert cluster.run("get", "all", "rich", "--template", template).strip() == "3 1"
