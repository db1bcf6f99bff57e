"""What the tests of the stores share: a client of the real API server, a clock that stands still, our CRDs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from testenv.clients import Kubectl
from testenv.instance import Instance
from testenv.layout import REPOSITORY

from steersman.core.api.crd import all_crds
from steersman.kube.client import KubeClient
from steersman.kube.credentials import Credentials
from steersman.kube.objects import Objects
from steersman.storage.inventory import InventoryStorage
from steersman.storage.secrets import SecretStore

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class StoppedClock:
    """A clock that shows one moment."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
async def objects(control_plane: Instance) -> AsyncIterator[Objects]:
    """Reads and writes as the admin."""
    credentials = await Credentials.from_kubeconfig(str(control_plane.kubeconfig))
    async with KubeClient.open(credentials) as client:
        yield Objects(client)


@pytest.fixture
def records(objects: Objects) -> SecretStore:
    return SecretStore(objects, StoppedClock())


@pytest.fixture(scope="module")
def crds(control_plane: Instance, kubectl: Kubectl) -> None:
    for name, crd in all_crds().items():
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(REPOSITORY / "crds" / name))
        kubectl("wait", "--for=condition=Established", f"crd/{crd['metadata']['name']}", "--timeout=30s")


@pytest.fixture
def inventories(objects: Objects, crds: None) -> InventoryStorage:
    return InventoryStorage(objects)
