"""The chart of a HelmRelease in a file: from where it says, on its terms or its ChartRepository's, signed as demanded;
and the index of a ChartRepository in a file.

Called by `subjects` and `search`, and imported only for objects in files. Secrets come from the files, as everything
that it names; where the one of `secretRef` is not among them, the user's own credentials are used. Proxies and
identities of the cluster are its own, and not used here.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import NamedTuple

from steersman.cli.charts import LocatedChart
from steersman.cli.registries import Registries, advice, fetched
from steersman.cli.releasefile import ReleaseFile, ReleaseFileError
from steersman.cli.sources import OCI
from steersman.core.api.access import AccessFields, SecretReference
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.chart.index import Index
from steersman.core.verification import Verification
from steersman.registry.access import Access, Tls
from steersman.registry.auth import Address, credential_from_secret
from steersman.registry.certificates import REPLACE_CERTIFICATES, problem_of_tls
from steersman.registry.errors import RegistryUnavailable, TlsProblem
from steersman.registry.reference import ChartReference, tag_of_version
from steersman.registry.signatures.model import SecretData, verification_of
from steersman.registry.source import Charts
from steersman.registry.urls import HttpUrl


class _Place(NamedTuple):
    """Where the chart is: its own URL, or with `name` that of an HTTP repository; and who says on which terms."""

    url: str
    name: str
    fields: AccessFields
    said_in: str

    @property
    def is_oci(self) -> bool:
        return self.url.startswith(OCI)


class ReleaseCharts:
    """Charts of the HelmReleases in a file, for one command."""

    def __init__(self, file: ReleaseFile, registries: Registries) -> None:
        self._file = file
        self._registries = registries

    def pull(self, release: HelmRelease) -> LocatedChart:
        """The chart of a HelmRelease. Raises SourceError, and ReleaseFileError for what the files lack."""
        place = self._place(release)
        verification = self._verification(place, release.namespace)
        access = self._access(place, release.namespace)
        try:
            return asyncio.run(self._pull(release, place, access, verification))
        except RegistryUnavailable as error:
            if error.tls is not TlsProblem.PLAIN_HTTP:  # which spec.chart.insecure cures
                error.hint = advice(error)
            raise

    async def index(self, namespace: str, name: str) -> Index:
        """What a ChartRepository of the files serves. Raises SourceError and ReleaseFileError."""
        repository = self._file.repository(namespace, name)
        assert repository is not None
        place = _Place(repository.url, "", repository, "spec")
        if place.is_oci:
            raise ReleaseFileError(
                f"ChartRepository {name} is a path of a registry, which cannot list its charts",
                hint=f"name a chart: `steersman search {repository.url.rstrip('/')}/CHART`",
            )
        async with self._registries.sources() as sources:
            return await sources.source(self._access(place, namespace)).index(place.url)

    def _place(self, release: HelmRelease) -> _Place:
        chart = release.spec.chart
        name, url, said_in = chart.name or "", chart.address, "spec.chart"
        fields: AccessFields = chart
        if chart.repository_name:
            repository = self._file.repository(release.namespace, chart.repository_name)
            if repository is None:
                raise self._lacking(
                    "ChartRepository", release.namespace, chart.repository_name, "spec.chart.repository"
                )
            url, fields, said_in = repository.url, repository, "the ChartRepository's spec"
        if name and url.startswith(OCI):
            url, name = f"{url.rstrip('/')}/{name}", ""
        return _Place(url, name, fields, said_in)

    def _access(self, place: _Place, namespace: str) -> Access:
        fields = place.fields
        secret = self._secret(fields.secret_ref, namespace)
        if place.is_oci:
            reference = ChartReference.parse(place.url)
            access = self._registries.access if secret is not None else self._registries.access_to(reference)
        else:
            access = self._registries.access_to_repository(place.url)
        if secret is not None:
            access = replace(access, credential=credential_from_secret(secret.entries, Address.of(place.url)))
        certificates = self._secret(fields.cert_secret_ref, namespace)
        if certificates is not None:
            ca, certificate, key = (certificates.entries.get(name, b"") for name in ("ca.crt", "tls.crt", "tls.key"))
            tls = Tls(ca, certificate, key)
            problem = problem_of_tls(tls)
            if problem:
                raise ReleaseFileError(f"Secret {certificates.name} {problem}", hint=REPLACE_CERTIFICATES)
            access = replace(access, tls=tls)
        if fields.min_tls_version is not None:
            access = replace(access, tls=replace(access.tls, minimum_version=fields.min_tls_version))
        return replace(
            access,
            insecure=access.insecure or fields.insecure,
            pass_credentials=access.pass_credentials or fields.pass_credentials,
            home=place.url if place.name else "",
        )

    def _verification(self, place: _Place, namespace: str) -> Verification | None:
        verify = place.fields.verify
        if verify is None:
            return None
        found = [self._secret(ref, namespace) for ref in (verify.secret_ref, verify.trusted_root_secret_ref)]
        for ref, data in zip((verify.secret_ref, verify.trusted_root_secret_ref), found, strict=True):
            if ref is not None and data is None:
                raise self._lacking("Secret", namespace, ref.name, f"{place.said_in}.verify")
        return verification_of(verify, *found)

    def _secret(self, ref: SecretReference | None, namespace: str) -> SecretData | None:
        data = None if ref is None else self._file.config("Secret", namespace, ref.name)
        return None if ref is None or data is None else SecretData(f"{namespace}/{ref.name}", data)

    def _lacking(self, kind: str, namespace: str, name: str, field: str) -> ReleaseFileError:
        return ReleaseFileError(
            f"{kind} {namespace}/{name}, which {field} names, is not in {self._file.path}",
            hint="add it to the file, or give another file with --objects FILE",
        )

    async def _pull(
        self, release: HelmRelease, place: _Place, access: Access, verification: Verification | None
    ) -> LocatedChart:
        chart = release.spec.chart
        async with self._registries.sources() as sources:
            source = sources.source(access)
            url, digest, version = place.url, chart.digest or "", ""
            if digest and place.name:
                url = await source.locate(url, place.name, digest, chart.version or "")
            elif not digest:
                resolved = await source.resolve(url, chart.version or "", chart.version_filter or "", name=place.name)
                url, digest, version = resolved.url, resolved.digest, resolved.version
            found = await _found(source, url, digest, version)
            if verification is not None:
                await source.verify(url, digest, verification)
            return found


async def _found(source: Charts, url: str, digest: str, version: str) -> LocatedChart:
    if not url.startswith(OCI):
        return LocatedChart(HttpUrl.parse(url).place, await source.fetch(url, digest))
    if not version:
        kept = await source.kept(url, digest)
        if kept is not None:
            return LocatedChart(f"{ChartReference.parse(url).place}@{digest}", kept)
    return await fetched(source, url, digest, tag_of_version(version))
