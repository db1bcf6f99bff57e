"""Where a HelmRelease's chart is and on which terms it is reached: from its own fields, or from the ChartRepository it
names.

`locate` reads specs alone; `access` and `verification` read the Secrets and ServiceAccounts that they name, through
caches that tell whoever refers to them when they move (`controller.cache`). Errors say which object, where, and what to
do; those of a ChartRepository name it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote, urlsplit

from steersman.controller.cache import RepositoryCache
from steersman.controller.queue import ObjectKey, aside
from steersman.core.api.access import AccessFields, SecretReference
from steersman.core.api.chartrepository import ChartRepository
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.plan.observed import Problem
from steersman.core.verification import Verification
from steersman.errors import InvalidInput, SteersmanError
from steersman.ports import AccountData, ConfigData, Configs
from steersman.registry.access import Access, Tls
from steersman.registry.auth import (
    Address,
    Credential,
    credential_from_pull_secrets,
    credential_from_secret,
    hosts_in_secret,
)
from steersman.registry.certificates import REPLACE_CERTIFICATES, problem_of_tls
from steersman.registry.errors import AccessDenied
from steersman.registry.identity.model import Account, Known, ServiceAccountToken
from steersman.registry.signatures.model import SecretData, verification_of

OCI = "oci://"
_MAX_VERIFICATIONS = 256
_MOST_HOSTS = 5
_LONGEST_HOST = 100
_TERMS_OF_A_RELEASE = re.compile(
    r"spec\.chart\.(?:repository\.)?((?:secretRef|certSecretRef|proxySecretRef|insecure|minTLSVersion|passCredentials|provider"
    r"|serviceAccountName|verify|url)\b)"
)


class SourceObjectMissing(InvalidInput):
    """Something that a spec names for its source does not exist."""

    reason = "SourceNotReady"


class SourceObjectUnusable(InvalidInput):
    """What a spec says of its source cannot be used: a Secret without what is read from it, terms that clash."""

    reason = "SourceNotReady"


class RepositorySuspended(InvalidInput):
    """The ChartRepository must not be asked anything now."""

    reason = "SourceNotReady"


class Identities(Protocol):
    """Credentials by workload identity (`registry.identity.broker`)."""

    async def credential(
        self, provider: str, host: str, account: Account | None, token: ServiceAccountToken
    ) -> Credential:
        """The credential of this identity for a registry host."""
        ...


AskToken = Callable[[str, str, str], Awaitable[str]]
"""(namespace, ServiceAccount, audience) → a token of it."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a chart is said to be. With `name`, `url` is the repository; the terms are those of `fields`, in
    `namespace`. `repository` is the name of a ChartRepository, "" where the HelmRelease says all by itself; `interval`
    and `suspended` are what it says of itself."""

    url: str
    name: str
    fields: AccessFields
    namespace: str
    repository: str = ""
    interval: float | None = None
    suspended: bool = False

    @property
    def is_index(self) -> bool:
        """Whether charts are found by the index of an HTTP repository."""
        return (bool(self.name) or bool(self.repository)) and not self.url.startswith(OCI)

    @property
    def chart_url(self) -> str:
        """The chart's own URL; "" where only an index knows it."""
        if not self.name:
            return "" if self.repository else self.url
        return "" if self.is_index else f"{self.url.rstrip('/')}/{self.name}"

    def path(self, field: str) -> str:
        """The field of the spec, as messages name it."""
        return f"spec.{field}" if self.repository else f"spec.chart.{field}"


class Terms:
    """Reads the terms."""

    def __init__(
        self, configs: Configs, repositories: RepositoryCache, identities: Identities, ask_token: AskToken
    ) -> None:
        self._configs = configs
        self._repositories = repositories
        self._identities = identities
        self._ask_token = ask_token
        self._verifications: dict[tuple[object, ...], Verification] = {}

    def locate(self, release: HelmRelease) -> Location:
        """Where this release's chart is. Raises SourceObjectMissing where the ChartRepository does not exist."""
        chart = release.spec.chart
        if not chart.repository_name:
            return Location(chart.address, chart.name or "", chart, release.namespace)
        repository = self._repositories.get(ObjectKey(release.namespace, chart.repository_name))
        if repository is None:
            raise SourceObjectMissing(
                f"ChartRepository {release.namespace}/{chart.repository_name}, which spec.chart.repository.ref names, "
                "does not exist",
                hint="create it, or correct the name; it is noticed at once",
            )
        return location_of(repository, chart.name or "")

    async def access(self, location: Location) -> Access:
        """The terms of access. Raises SourceObjectMissing, SourceObjectUnusable, SourceError."""
        fields = location.fields
        return Access(
            credential=await self._credential(location),
            insecure=fields.insecure,
            tls=await self._tls(location),
            proxy=await self._proxy(location),
            pass_credentials=fields.pass_credentials,
            home=location.url if location.is_index else "",
        )

    async def verification(self, location: Location) -> Verification | None:
        """What the chart must be signed by, None where nothing is asked for. Raises as `access` does."""
        verify = location.fields.verify
        if verify is None:
            return None
        keys = await self._named(location, verify.secret_ref, "verify.secretRef")
        root = await self._named(location, verify.trusted_root_secret_ref, "verify.trustedRootSecretRef")
        memo = (location.namespace, verify, *(each and each.resource_version for each in (keys, root)))
        known = self._verifications.get(memo)
        if known is None:
            known = verification_of(
                verify,
                _trust(location, verify.secret_ref, keys),
                _trust(location, verify.trusted_root_secret_ref, root),
            )
            if len(self._verifications) >= _MAX_VERIFICATIONS:
                self._verifications.clear()
            self._verifications[memo] = known
        return known

    async def explained(self, error: SteersmanError, location: Location) -> SteersmanError:
        """An error of asking there; where access was denied, with the objects whose credentials were (not) given."""
        if not isinstance(error, AccessDenied) or error.only_for or location.fields.provider != "generic":
            return error
        try:
            hint = await self._why_denied(location, Address.of(location.chart_url or location.url))
        except SteersmanError:  # the objects changed meanwhile, and it is asked again
            return error
        return error.with_hint(hint) if hint else error

    async def _why_denied(self, location: Location, where: Address) -> str:
        fields, problems = location.fields, []
        if fields.secret_ref is not None:
            name = f"Secret {location.namespace}/{fields.secret_ref.name}"
            data = (await self._secret(location, fields.secret_ref.name, "secretRef")).data
            if credential_from_secret(data, where) is not None:
                return f"check the credentials of {name}, and their rights on this repository"
            problems.append(f"{name} has no entry for {where.host} (it has {_hosts(hosts_in_secret(data))})")
        account = await self._account(location)
        if account is not None:
            name = f"ServiceAccount {location.namespace}/{fields.service_account_name}"
            if account.annotations.get(Known.AUDIENCE):
                return f"check the rights of {name} on this repository"
            secrets = ", ".join(account.pull_secrets)
            if await self._by_pull_secrets(location, where, account) is not None:
                whose = f"the pull secrets of {name} ({secrets})"
                return f"check the credentials in {whose}, and their rights on this repository"
            none = f"none of the pull secrets of {name} ({secrets}) has an entry for {where.host}"
            problems.append(none if secrets else f"{name} has no imagePullSecrets")
        return f"no credentials were given: {'; '.join(problems)}" if problems else ""

    async def _credential(self, location: Location) -> Credential | None:
        fields = location.fields
        where = Address.of(location.chart_url or location.url)
        if fields.provider != "generic":
            account = await self._account(location)
            if account is None:
                _check_own_identity(location)
            return await self._by_identity(location, where, account)
        if fields.secret_ref is not None:
            secret = await self._secret(location, fields.secret_ref.name, "secretRef")
            with _of_secret(location, fields.secret_ref.name):
                found = credential_from_secret(secret.data, where)
            if found is not None:
                return found
        account = await self._account(location)
        if account is None:
            return None
        if account.annotations.get(Known.AUDIENCE):
            return await self._by_identity(location, where, account)
        return await self._by_pull_secrets(location, where, account)

    async def _by_identity(self, location: Location, where: Address, account: AccountData | None) -> Credential:
        name = location.fields.service_account_name or ""
        whose = None
        if account is not None:
            whose = Account.of(location.namespace, name, account.annotations, account.uid)

        async def token(audience: str) -> str:
            return await self._ask_token(location.namespace, name, audience)

        async with aside():
            return await self._identities.credential(location.fields.provider, where.host, whose, token)

    async def _by_pull_secrets(self, location: Location, where: Address, account: AccountData) -> Credential | None:
        # As the kubelet: a pull secret that does not exist is passed over.
        found = {
            f"{location.namespace}/{name}": secret.data
            for name in account.pull_secrets
            if (secret := await self._configs.read("Secret", location.namespace, name)) is not None
        }
        return credential_from_pull_secrets(found, where)

    async def _account(self, location: Location) -> AccountData | None:
        name = location.fields.service_account_name
        if name is None:
            return None
        account = await self._configs.account(location.namespace, name)
        if account is None:
            raise _missing("ServiceAccount", location, name, "serviceAccountName")
        return account

    async def _tls(self, location: Location) -> Tls:
        fields = location.fields
        minimum = fields.min_tls_version or ""
        if fields.cert_secret_ref is None:
            return Tls(minimum_version=minimum)
        name = fields.cert_secret_ref.name
        data = (await self._secret(location, name, "certSecretRef")).data
        ca, certificate, key = (data.get(entry, b"") for entry in ("ca.crt", "tls.crt", "tls.key"))
        if not (ca or certificate or key):
            raise _unusable(
                location, name, "has none of ca.crt, tls.crt and tls.key", "put the authorities to trust into ca.crt"
            )
        if bool(certificate) != bool(key):
            lacking = "tls.key" if certificate else "tls.crt"
            raise _unusable(location, name, f"has no {lacking}", "a certificate needs both tls.crt and tls.key")
        tls = Tls(ca=ca, certificate=certificate, key=key, minimum_version=minimum)
        problem = problem_of_tls(tls)
        if problem:
            raise _unusable(location, name, problem, REPLACE_CERTIFICATES)
        return tls

    async def _proxy(self, location: Location) -> str:
        ref = location.fields.proxy_secret_ref
        if ref is None:
            return ""
        data = (await self._secret(location, ref.name, "proxySecretRef")).data
        address = data.get("address", b"").decode("utf-8", "replace").strip()
        try:
            parts = urlsplit(address)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
            # The address is not quoted: somebody may have put the password into it.
            raise _unusable(
                location,
                ref.name,
                "has no usable address",
                "write it as http://host:port, and put user and password into the keys username and password",
            )
        user, password = (data.get(key, b"").decode("utf-8", "replace").strip("\r\n") for key in _LOGIN)
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
        return f"{parts.scheme}://{login}{parts.netloc}"

    async def _secret(self, location: Location, name: str, field: str) -> ConfigData:
        secret = await self._configs.read("Secret", location.namespace, name)
        if secret is None:
            raise _missing("Secret", location, name, field)
        return secret

    async def _named(self, location: Location, ref: SecretReference | None, field: str) -> ConfigData | None:
        return None if ref is None else await self._secret(location, ref.name, field)


_LOGIN = ("username", "password")


def _check_own_identity(location: Location) -> None:
    """The operator's own identity goes to its cloud only: whoever names the proxy or the authority to trust could read
    it on its way. Raises SourceObjectUnusable."""
    fields = location.fields
    through = {
        "insecure": fields.insecure,
        "proxySecretRef": fields.proxy_secret_ref is not None,
        "certSecretRef": fields.cert_secret_ref is not None,
    }
    for name, is_said in through.items():
        if is_said:
            raise SourceObjectUnusable(
                f"{location.path('provider')} without serviceAccountName is the operator's own identity, which cannot "
                f"go together with {location.path(name)}",
                hint=f"remove {name}, or set serviceAccountName; what the operator itself needs to reach the cloud "
                "(HTTPS_PROXY, SSL_CERT_FILE) is for its environment",
            )


def location_of(repository: ChartRepository, name: str = "") -> Location:
    """Where a chart of this ChartRepository is, or the repository itself."""
    spec = repository.spec
    return Location(spec.url, name, spec, repository.namespace, repository.name, spec.interval_seconds(), spec.suspend)


def retold(problem: Problem, location: Location, *, by_repository: bool = False) -> Problem:
    """A problem in the words of whoever says the terms: the sources speak of a HelmRelease's fields. A HelmRelease
    names the ChartRepository that it is about; the ChartRepository itself (`by_repository`) need not."""
    if not location.repository:
        return problem
    message = _TERMS_OF_A_RELEASE.sub(r"spec.\1", problem.message)
    name = f"ChartRepository {location.namespace}/{location.repository}"
    if not by_repository and name not in message:
        message = f"{name}: {message}"
    return replace(problem, message=message)


def _hosts(hosts: tuple[str, ...]) -> str:
    shown = ", ".join(host[:_LONGEST_HOST] for host in hosts[:_MOST_HOSTS])
    return f"{shown}…" if len(hosts) > _MOST_HOSTS else shown or "none"


def _trust(location: Location, ref: SecretReference | None, data: ConfigData | None) -> SecretData | None:
    return None if ref is None or data is None else SecretData(f"{location.namespace}/{ref.name}", data.data)


@contextmanager
def _of_secret(location: Location, name: str) -> Iterator[None]:
    try:
        yield
    except SteersmanError as error:
        error.message = f"Secret {location.namespace}/{name}: {error.message}"
        raise


def _missing(kind: str, location: Location, name: str, field: str) -> SourceObjectMissing:
    return SourceObjectMissing(
        f"{kind} {location.namespace}/{name}, which {location.path(field)} names, does not exist",
        hint="create it; it is noticed at once",
    )


def _unusable(location: Location, name: str, problem: str, hint: str) -> SourceObjectUnusable:
    return SourceObjectUnusable(f"Secret {location.namespace}/{name} {problem}", hint=hint)
