"""Discovery of the real API server: the kinds, what Helm calls capabilities, and CRDs that were created just now."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import orjson
import pytest
from testenv.audit import Audit
from testenv.clients import Helm
from testenv.instance import Instance

from steersman.core.manifest.identity import KubernetesObject, ref_of
from steersman.kube.client import ClientSettings, KubeClient
from steersman.kube.cluster import KubeCluster
from steersman.kube.credentials import Credentials
from steersman.kube.discovery import Discovery, DiscoverySettings
from steersman.kube.errors import UnknownKind
from steersman.kube.resources import CUSTOM_RESOURCE_DEFINITIONS


def crd(group: str, kind: str) -> KubernetesObject:
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


@pytest.mark.parametrize(
    ("api_version", "kind", "path", "namespaced"),
    [
        ("v1", "ConfigMap", "/api/v1/namespaces/ns/configmaps/x", True),
        ("v1", "Namespace", "/api/v1/namespaces/x", False),
        ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/ns/deployments/x", True),
        (
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/x",
            False,
        ),
    ],
)
async def test_where_a_kind_is(
    kube_client: KubeClient, api_version: str, kind: str, path: str, namespaced: bool
) -> None:
    resource = await Discovery(kube_client).resolve(api_version, kind)
    assert resource.path("ns", "x") == path
    assert resource.namespaced is namespaced
    assert "watch" in resource.verbs


async def test_capabilities_are_those_that_helm_gives_templates(
    kube_client: KubeClient, helm: Helm, tmp_path: Path
) -> None:
    chart = tmp_path / "capabilities"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: capabilities\nversion: 0.1.0\n")
    seen = '{{ dict "v" .Capabilities.KubeVersion.Version "a" .Capabilities.APIVersions | toJson | quote }}'
    template = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  capabilities: {seen}\n"
    (chart / "templates" / "x.yaml").write_text(template)
    rendered = helm("install", "x", str(chart), "--dry-run=server", "-o", "json")
    line = next(line for line in orjson.loads(rendered.stdout)["manifest"].splitlines() if "capabilities:" in line)
    theirs = orjson.loads(orjson.loads(line.partition("capabilities: ")[2]))
    ours = await Discovery(kube_client).capabilities()
    assert ours.kube_version == theirs["v"]
    assert _without_tests(ours.api_versions) == _without_tests(theirs["a"])


def _without_tests(api_versions: Iterable[str]) -> set[str]:
    """Not the kinds that other tests make and remove meanwhile."""
    return {each for each in api_versions if ".example" not in each and "steersman.dev" not in each}


@pytest.fixture
async def marked(control_plane: Instance) -> AsyncIterator[KubeClient]:
    """A client that the audit log can tell from those of other tests."""
    credentials = await Credentials.from_kubeconfig(str(control_plane.kubeconfig))
    async with KubeClient.open(credentials, ClientSettings(user_agent="steersman-test-discovery")) as client:
        yield client


async def test_the_documents_are_asked_for_once(marked: KubeClient, audit: Audit) -> None:
    discovery = Discovery(marked)
    mark = audit.mark()
    await asyncio.gather(*(discovery.resolve("v1", "Secret") for _ in range(20)))
    asked = [request.uri for request in audit.since(mark).by("steersman-test-discovery")]
    assert sorted(asked) == ["/api", "/apis", "/version"]


async def test_a_refresh_of_what_did_not_change_is_not_sent_again(marked: KubeClient, audit: Audit) -> None:
    discovery = Discovery(marked)
    await discovery.resolve("v1", "Secret")
    discovery.invalidate()
    mark = audit.mark()
    assert (await discovery.resolve("v1", "Secret")).plural == "secrets"
    codes = {request.uri: request.code for request in audit.since(mark).by("steersman-test-discovery")}
    assert codes["/api"] == 304


async def test_a_miss_asks_at_most_once_in_a_while(marked: KubeClient, audit: Audit) -> None:
    discovery = Discovery(marked)
    await discovery.resolve("v1", "Secret")
    mark = audit.mark()
    for _ in range(3):
        with pytest.raises(UnknownKind):
            await discovery.resolve("yard.example/v1", "Mast")
    assert len(audit.since(mark).by("steersman-test-discovery")) == 0


async def test_a_kind_created_just_now_is_waited_for(cluster: KubeCluster, namespace: str) -> None:
    await cluster.capabilities()
    definition = crd("fresh.example", "Anchor")
    await cluster.apply(definition, force=False)
    await cluster.refresh_discovery()
    anchor = {
        "apiVersion": "fresh.example/v1",
        "kind": "Anchor",
        "metadata": {"name": "bow", "namespace": namespace},
        "spec": {"weight": 40},
    }
    assert (await cluster.apply(anchor, force=False)).created
    assert "fresh.example/v1/Anchor" in (await cluster.capabilities()).api_versions
    await cluster.delete(ref_of(definition))


async def test_a_kind_that_was_removed_becomes_unknown(
    cluster: KubeCluster, kube_client: KubeClient, namespace: str
) -> None:
    definition = crd("gone.example", "Rudder")
    await cluster.apply(definition, force=False)
    await cluster.refresh_discovery()
    rudder = {"apiVersion": "gone.example/v1", "kind": "Rudder", "metadata": {"name": "x", "namespace": namespace}}
    await cluster.apply(rudder, force=False)
    hasty = KubeCluster(kube_client, discovery=Discovery(kube_client, DiscoverySettings(new_kind_patience=0.1)))
    await hasty.objects.delete(CUSTOM_RESOURCE_DEFINITIONS, "", definition["metadata"]["name"])
    async with asyncio.timeout(30):
        while await hasty.knows(ref_of(rudder)):
            await asyncio.sleep(0.2)
            await hasty.refresh_discovery()
    with pytest.raises(UnknownKind):
        await hasty.get(ref_of(rudder))


async def test_a_service_account_sees_the_same_api(
    control_plane: Instance, kube_client: KubeClient, namespace: str
) -> None:
    kubeconfig = control_plane.service_account_kubeconfig(namespace, "default")
    async with KubeClient.open(await Credentials.from_kubeconfig(str(kubeconfig))) as poor:
        assert await Discovery(poor).capabilities() == await Discovery(kube_client).capabilities()
