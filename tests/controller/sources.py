"""Sources in memory for tests of the controller: Secrets, ServiceAccounts, registries and repositories, and who asked
what of them on which terms."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.plan.builders import ahead, helm_release

from steersman.controller.cache import RepositoryCache
from steersman.controller.charts import Charts, Chosen
from steersman.controller.terms import Terms
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.names import API_VERSION, CHART_REPOSITORY
from steersman.core.chart.index import ChartVersion, Index
from steersman.core.plan.observed import Problem
from steersman.core.verification import Verification, Verified
from steersman.errors import SteersmanError
from steersman.ports import AccountData, ConfigData, Resolved
from steersman.registry.access import Access
from steersman.registry.auth import Credential
from steersman.registry.errors import RegistryUnavailable, TagNotFound
from steersman.registry.identity.model import Account, ServiceAccountToken

URL = "oci://registry.example/charts/shop"
INDEX = "https://charts.example/stable"
PINNED = "sha256:" + "a" * 64
FIRST, SECOND = "sha256:" + "b" * 64, "sha256:" + "c" * 64
RANGE: dict[str, Any] = {"chart": {"url": URL, "version": "1.x"}}
NAMED: dict[str, Any] = {"chart": {"repository": {"ref": {"name": "stable"}}, "name": "shop", "version": "1.x"}}


@dataclass
class MemoryConfigs:
    """`ports.Configs`: (kind, name) → data; a change gets another resourceVersion."""

    objects: dict[tuple[str, str], ConfigData] = field(default_factory=dict)
    accounts: dict[str, AccountData] = field(default_factory=dict)
    versions: int = 0

    def put(self, kind: str, name: str, **data: str) -> None:
        self.versions += 1
        self.objects[kind, name] = ConfigData(str(self.versions), {key: text.encode() for key, text in data.items()})

    def put_account(self, name: str, *pull_secrets: str, **annotations: str) -> None:
        self.versions += 1
        self.accounts[name] = AccountData(str(self.versions), "uid", pull_secrets, annotations)

    async def read(self, kind: Literal["ConfigMap", "Secret"], namespace: str, name: str) -> ConfigData | None:
        assert namespace == "demo"
        return self.objects.get((kind, name))

    async def account(self, namespace: str, name: str) -> AccountData | None:
        assert namespace == "demo"
        return self.accounts.get(name)


@dataclass
class MemorySources:
    """Registries and repositories, one view of them for each set of terms."""

    digests: dict[str, str] = field(default_factory=lambda: {"1.x": FIRST})
    asked: list[tuple[str, Access]] = field(default_factory=list)
    cached: set[str] = field(default_factory=set)
    signed: dict[str, str] = field(default_factory=dict)
    trouble: list[SteersmanError] = field(default_factory=list)
    access: Access = field(default_factory=Access)
    age: float = 0.0
    delay: float = 0.0
    index_is: str = "sha256:" + "1" * 64

    def source(self, access: Access) -> "MemorySources":
        view = replace(self, access=access)
        for shared in ("asked", "digests", "cached", "signed", "trouble"):
            setattr(view, shared, getattr(self, shared))
        return view

    def break_down(self, error: SteersmanError | None = None) -> None:
        self.trouble[:] = [error or RegistryUnavailable("registry.example", "no connection")]

    def mend(self) -> None:
        self.trouble.clear()

    def _ask(self, what: str) -> None:
        self.asked.append((what, self.access))
        if self.trouble:
            raise self.trouble[0]

    async def resolve(
        self, url: str, version: str = "", version_filter: str = "", *, name: str = "", max_age: float = 0.0
    ) -> Resolved:
        self._ask(version)
        if version not in self.digests:
            raise TagNotFound("registry.example/charts/shop", version)
        chart = f"{url}/{name}-1.4.0.tgz" if url.startswith("http") else f"{url.rstrip('/')}/{name}".rstrip("/")
        return Resolved(chart, "1.4.0", self.digests[version])

    async def locate(self, url: str, name: str, digest: str, version: str = "", *, max_age: float = 0.0) -> str:
        self._ask(digest)
        return f"{url}/{name}-1.4.0.tgz"

    async def verify(self, url: str, digest: str, verification: Verification) -> Verified:
        self._ask("signature")
        return Verified(self.signed[digest])

    async def verified_before(self, url: str, digest: str, verification: Verification) -> Verified | None:
        return Verified("before") if digest in self.cached else None

    async def kept(self, url: str, digest: str) -> bytes | None:
        return b"kept" if digest in self.cached else None

    async def fetch(self, url: str, digest: str) -> bytes:
        self._ask(url)
        return b"fetched"

    async def index(self, url: str) -> Index:
        self._ask("index")
        await asyncio.sleep(self.delay)
        return Index.of({name: (ChartVersion(name, "1.0.0"),) for name in ("shop", "web")})

    async def ping(self, url: str) -> None:
        self._ask("ping")

    def index_age(self, url: str) -> float:
        return self.age

    def index_digest(self, url: str) -> str:
        return self.index_is


@dataclass
class MemoryIdentities:
    """Workload identities: what was asked for."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def credential(
        self, provider: str, host: str, account: Account | None, token: ServiceAccountToken
    ) -> Credential:
        shown = await token("audience") if account is not None else ""
        self.asked.append((provider, host, shown))
        return Credential(provider, "of an hour")


async def token_of(namespace: str, name: str, audience: str) -> str:
    return f"{namespace}/{name} for {audience}"


class Sources:
    """`controller.charts` and what it stands on."""

    def __init__(self) -> None:
        self.configs = MemoryConfigs()
        self.sources = MemorySources()
        self.identities = MemoryIdentities()
        self.repositories = RepositoryCache()
        self.terms = Terms(self.configs, self.repositories, self.identities, token_of)
        self.charts = Charts(self.sources, self.terms)  # type: ignore[arg-type]
        self.versions = 0

    @property
    def asked(self) -> list[str]:
        """What was asked for, so far."""
        return [what for what, _ in self.sources.asked]

    def put_repository(self, name: str = "stable", *, status: Any = None, **spec: Any) -> None:
        self.versions += 1
        self.repositories.put(repository(name, status=status, version=self.versions, **spec))

    async def chosen(self, release: HelmRelease | None = None, **later: float) -> Chosen:
        found = await self.charts.choose(release or helm_release(RANGE), ahead(**later))
        assert isinstance(found, Chosen), found
        return found

    async def problem(self, release: HelmRelease | None = None, **later: float) -> Problem:
        found = await self.charts.choose(release or helm_release(RANGE), ahead(**later))
        assert isinstance(found, Problem), found
        return found


def repository(
    name: str = "stable", *, status: Any = None, version: int = 1, annotations: Any = None, **spec: Any
) -> dict[str, Any]:
    """A ChartRepository as the API server has it."""
    return {
        "apiVersion": API_VERSION,
        "kind": CHART_REPOSITORY,
        "metadata": {
            "namespace": "demo",
            "name": name,
            "uid": f"uid-of-{name}",
            "generation": version,
            "resourceVersion": str(version),
            "annotations": annotations or {},
        },
        "spec": {"url": INDEX, **spec},
        "status": status or {},
    }
