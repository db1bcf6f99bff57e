"""What several integration tests share: a chart that Helm makes, our own client of the API server, and an operator."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from integration.operating import ANYTHING, Bench, PushedChart, ReleaseHandle, operating
from testenv.clients import Helm
from testenv.instance import Instance

from steersman.kube.client import KubeClient
from steersman.kube.cluster import KubeCluster
from steersman.kube.credentials import Credentials
from steersman.kube.objects import Objects


@pytest.fixture(scope="session")
def chart(offline_helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the chart that `helm create web` makes."""
    folder = tmp_path_factory.mktemp("chart") / "web"
    offline_helm("create", str(folder))
    return folder


@pytest.fixture(scope="session")
def chart_archive(offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, packaged."""
    folder = tmp_path_factory.mktemp("packages")
    offline_helm("package", str(chart), "--destination", str(folder))
    return folder / "web-0.1.0.tgz"


@pytest.fixture
async def kube_client(control_plane: Instance) -> AsyncIterator[KubeClient]:
    """The client under test, as the admin."""
    credentials = await Credentials.from_kubeconfig(str(control_plane.kubeconfig))
    async with KubeClient.open(credentials) as client:
        yield client


@pytest.fixture
def cluster(kube_client: KubeClient) -> KubeCluster:
    return KubeCluster(kube_client)


@pytest.fixture
def objects(kube_client: KubeClient) -> Objects:
    return Objects(kube_client)


@pytest.fixture(scope="module")
def bench(own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A ready operator on a control plane of the module's own."""
    with operating(own_control_plane, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture(scope="module")
def anything(bench: Bench) -> PushedChart:
    """The chart that renders the objects its values hold (`operating.objects`)."""
    return bench.chart("anything", ANYTHING)


@pytest.fixture
def release(bench: Bench) -> ReleaseHandle:
    """A HelmRelease `probe` to be, in a namespace of its own."""
    return bench.release(bench.namespace("release"), "probe")
