"""Charts of OCI registries: by tag, range or digest. The part of `source` for `oci://`.

A chart whose digest is known comes from the cache without any request. However many ask for the same one at the same
time, it is read or downloaded once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steersman.core.verification import SignedProvenance, Verification, Verified
from steersman.ports import Resolved
from steersman.registry.access import Access
from steersman.registry.asking import Asker
from steersman.registry.cache import ChartCache
from steersman.registry.errors import DigestMismatch, InvalidReference, TagNotFound
from steersman.registry.manifest import ChartManifest, listed_manifests, only_chart, parse_manifest
from steersman.registry.reference import ChartReference, is_digest, is_host, tag_of_version, version_of_tag
from steersman.registry.signatures.evidence import Evidence, Subject
from steersman.registry.signatures.finding import find_provenance, find_signatures
from steersman.registry.tokencache import TokenCache
from steersman.registry.verifying import Verifying
from steersman.registry.versions import choose_tag, is_complete, may_be_tag

if TYPE_CHECKING:
    from steersman.registry.connections import Connections
    from steersman.registry.oci import RegistryClient

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegistryEndpoint:
    """One repository of a registry. Implements `clients.Endpoint`."""

    reference: ChartReference
    access: Access

    @property
    def host(self) -> str:
        """The host of the registry API."""
        return self.reference.api_host

    @property
    def place(self) -> str:
        """`host/repository`."""
        return self.reference.place

    def client(self, connections: Connections, tokens: TokenCache) -> RegistryClient:
        """A client of this repository."""
        # Only here: its libraries cost several MiB, which an operator with a warm cache never needs.
        from steersman.registry.oci import RegistryClient

        return RegistryClient(self.reference, connections, tokens)


def endpoint_of(reference: ChartReference, access: Access) -> RegistryEndpoint:
    """Whom to ask about this chart, whatever its version."""
    return RegistryEndpoint(ChartReference(reference.host, reference.repository), access)


class OciCharts:
    """Charts of registries on one set of terms."""

    def __init__(self, asker: Asker, cache: ChartCache, verifying: Verifying, access: Access) -> None:
        self._asker = asker
        self._verifying = verifying
        self._cache = cache
        self._access = access

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this manifest digest, verified; from the cache without any request."""
        reference = self._reference(url)
        if not is_digest(digest):
            raise InvalidReference(f"{url}@{digest}", "has no digest of sha256: and 64 hexadecimal digits")
        _check_pin(reference, digest)
        key = ("chart", reference.place, digest, self._access)
        return await self._asker.once(key, lambda: self._load(reference, digest))

    async def kept(self, url: str, digest: str) -> bytes | None:
        """The chart archive of this manifest digest where the cache has it. No registry is asked."""
        kept = await self._asker.in_thread(self._from_cache, self._reference(url), digest)
        if kept is not None:
            self._asker.meter.chart_asked(kept=True)
        return kept

    async def resolve(self, url: str, version: str, version_filter: str) -> Resolved:
        """What an exact version or a range stands for now: a HEAD request, and for ranges the list of tags."""
        reference = self._reference(url)
        key = ("version", reference, version, version_filter, self._access)
        return await self._asker.once(key, lambda: self._resolve(reference, url, version, version_filter))

    async def verify(self, url: str, digest: str, verification: Verification) -> Verified:
        """By whom the chart of this manifest digest is signed; from the cache without any request, once it passed."""
        reference = self._reference(url)
        _check_pin(reference, digest)
        endpoint = endpoint_of(reference, self._access)

        def find(client: RegistryClient) -> tuple[Subject, Evidence]:
            found = self._subject(reference, digest, lambda wanted: self._kept_manifest(client, wanted))
            assert found is not None
            subject, manifest = found
            if isinstance(verification, SignedProvenance):
                return subject, find_provenance(client, manifest.provenance)
            return subject, find_signatures(client, digest)

        return await self._asker.once(
            ("verified", reference, digest, verification, self._access),
            lambda: self._verifying.verify(
                digest, verification, self._known(reference, digest), lambda: self._asker.ask(endpoint, find)
            ),
        )

    async def verified_before(self, url: str, digest: str, verification: Verification) -> Verified | None:
        """The same where that was found out before, else None. No registry is asked."""
        return await self._verifying.before(digest, verification, self._known(self._reference(url), digest))

    def _known(self, reference: ChartReference, digest: str) -> Callable[[], Subject | None]:
        """What has to be signed, where the cache has the manifest."""

        def known() -> Subject | None:
            found = self._subject(reference, digest, self._cache.get)
            return None if found is None else found[0]

        return known

    async def ping(self, url: str) -> None:
        """Ask the registry whether it is one, and takes the credentials. `url` may be a host alone."""
        host, _, path = url.removeprefix("oci://").rstrip("/").partition("/")
        if not is_host(host):
            raise InvalidReference(url, "is not of the form oci://host/path")
        reference = ChartReference(host.lower(), path)
        self._asker.reach.check_place(reference.place)
        await self._asker.once(
            ("ping", reference, self._access),
            lambda: self._asker.ask(endpoint_of(reference, self._access), lambda client: client.ping()),
        )

    async def tags(self, url: str) -> list[str]:
        """All tags of the repository."""
        endpoint = endpoint_of(self._reference(url), self._access)
        return await self._asker.ask(endpoint, lambda client: client.tags())

    def _reference(self, url: str) -> ChartReference:
        reference = ChartReference.parse(url)
        self._asker.reach.check_place(reference.place)
        return reference

    async def _resolve(self, reference: ChartReference, url: str, version: str, version_filter: str) -> Resolved:
        if reference.digest and not reference.tag and not version:
            return Resolved(url, "", reference.digest)
        tag, digest = await self._tag(reference, url, version, version_filter)
        _check_pin(reference, digest)
        return Resolved(url, version_of_tag(tag), digest)

    async def _tag(self, reference: ChartReference, url: str, version: str, version_filter: str) -> tuple[str, str]:
        """The tag that is meant, and its digest."""
        wanted = tag_of_version(version) if may_be_tag(version) else ""
        if reference.tag:
            if version and wanted != reference.tag:
                raise InvalidReference(url, f"names the tag {reference.tag!r}, but chart.version is {version!r}")
            wanted = reference.tag
        if wanted:
            try:
                return wanted, await self._digest(reference, wanted)
            except TagNotFound:
                if reference.tag or is_complete(version):
                    raise
        tags = await self._asker.ask(endpoint_of(reference, self._access), lambda client: client.tags())
        # In a thread: of 100,000 tags that takes seconds.
        chosen = await self._asker.in_thread(choose_tag, tags, version, version_filter, reference.place)
        return chosen, await self._digest(reference, chosen)

    async def _digest(self, reference: ChartReference, tag: str) -> str:
        endpoint = endpoint_of(reference, self._access)
        return await self._asker.ask(endpoint, lambda client: client.digest_of_tag(tag))

    async def _load(self, reference: ChartReference, digest: str) -> bytes:
        kept = await self._asker.in_thread(self._from_cache, reference, digest)
        if kept is None:
            # Many namespaces have credentials of their own for one chart: whose download it is matters to nobody.
            async with self._asker.turn(reference.place, digest, self._access.without_credential()):
                kept = await self._asker.in_thread(self._from_cache, reference, digest)
                if kept is None:
                    self._asker.meter.chart_asked(kept=False)
                    endpoint = endpoint_of(reference, self._access)
                    return await self._asker.ask(endpoint, lambda client: self._download(client, reference, digest))
        self._asker.meter.chart_asked(kept=True)
        return kept

    def _from_cache(self, reference: ChartReference, digest: str) -> bytes | None:
        manifest = self._manifest(reference, digest, self._cache.get)
        return None if manifest is None else self._cache.get(manifest.content.digest)

    def _download(self, client: RegistryClient, reference: ChartReference, digest: str) -> bytes:
        manifest = self._manifest(reference, digest, lambda wanted: self._kept_manifest(client, wanted))
        assert manifest is not None
        if manifest.is_legacy:
            _logger.warning("%s: its layer has a media type from before Helm 3.1; push it again", reference.place)
        chart = client.blob(manifest.content)
        self._cache.put(manifest.content.digest, chart)
        return chart

    def _kept_manifest(self, client: RegistryClient, digest: str) -> bytes:
        data = self._cache.get(digest)
        if data is None:
            data = client.manifest(digest)
            self._cache.put(digest, data)
        return data

    def _manifest(
        self, reference: ChartReference, digest: str, read: Callable[[str], bytes | None]
    ) -> ChartManifest | None:
        """The chart's manifest of this digest, or the one that an index of this digest leads to; None where `read`
        lacks one."""
        data = read(digest)
        if data is None:
            return None
        listed = listed_manifests(data, reference.place)
        if listed is None:
            return parse_manifest(data, reference.place)
        candidates = [found for one in listed if (found := read(one)) is not None]
        return only_chart(candidates, reference.place) if len(candidates) == len(listed) else None

    def _subject(
        self, reference: ChartReference, digest: str, read: Callable[[str], bytes | None]
    ) -> tuple[Subject, ChartManifest] | None:
        """What must be signed, and the chart's manifest; None where `read` lacks one."""
        manifest = self._manifest(reference, digest, read)
        signed = read(digest)
        if manifest is None or signed is None:
            return None
        name = reference.repository.rpartition("/")[2]
        return Subject(reference.place, digest, manifest.content.digest, signed, chart_name=name), manifest


def _check_pin(reference: ChartReference, digest: str) -> None:
    if reference.digest and reference.digest != digest:
        raise DigestMismatch(
            reference.place,
            "the digest in spec.chart.url",
            wanted=digest,
            got=reference.digest,
            hint="tag, version and digest must mean one chart: correct one of them",
        )
