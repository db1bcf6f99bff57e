"""What several integration tests share: a chart that Helm makes, and our own client of the API server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
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
