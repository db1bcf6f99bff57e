"""Charts of HTTP repositories: by name and version through index.yaml, or an archive by its URL. The part of `source`
for `http(s)://`.

An index is downloaded once however many ask at the same time, asked for conditionally ever after, and read once for
whatever has the same bytes. Archives are kept by their own digest, so one that was pinned is never asked for twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar
from urllib.parse import unquote

from steersman.core.chart.archive import archive_file
from steersman.core.chart.chartfile import clean, decode_metadata
from steersman.core.chart.errors import ChartError
from steersman.core.chart.gunzip import NotGzip
from steersman.core.chart.index import ChartVersion, Index
from steersman.core.chart.versions import parse_filter, parse_range, parsed_version
from steersman.core.verification import SignedProvenance, Verification, Verified
from steersman.ports import Resolved
from steersman.registry.access import Access
from steersman.registry.asking import Asker
from steersman.registry.cache import ChartCache, digest_of
from steersman.registry.decoding import beginning
from steersman.registry.errors import (
    ChartNotFound,
    ChartNotListed,
    DigestMismatch,
    InvalidReference,
    InvalidVerification,
    NoMatchingVersion,
    NotAChart,
    TooLarge,
    UnreadableIndex,
    WrongVersion,
)
from steersman.registry.index_store import IndexStore, Source
from steersman.registry.reference import is_digest
from steersman.registry.signatures.evidence import Evidence, Subject
from steersman.registry.targets import Downloaded, RepositoryEndpoint, Target, Validators
from steersman.registry.urls import HttpUrl, resolve
from steersman.registry.verifying import Verifying

if TYPE_CHECKING:
    from steersman.registry.repository import RepositoryClient

_T = TypeVar("_T")
_INDEX = "index.yaml"
MOST_URL_LENGTH = 1024
"""As long as a status may show it."""
_UPLOAD = "what lies there is no chart archive: upload again what `helm package` made"
_ANY = ">=0.0.0-0"
_SHOWN = 5
_MOST_COMPARED = 5000


class Found(NamedTuple):
    """A version of a chart in an index: where its archive is, and its digest ("": the index gives none)."""

    entry: ChartVersion
    url: str
    digest: str


class RepositoryCharts:
    """Charts of HTTP repositories on one set of terms."""

    def __init__(
        self, asker: Asker, cache: ChartCache, indexes: IndexStore, verifying: Verifying, access: Access
    ) -> None:
        self._asker = asker
        self._verifying = verifying
        self._cache = cache
        self._indexes = indexes
        self._access = access

    async def fetch(self, url: str, digest: str) -> bytes:
        """The archive at this URL, whose digest must be this one; from the cache without any request."""
        if not is_digest(digest):
            raise InvalidReference(url, f"has the digest {digest!r}: sha256: and 64 hexadecimal digits are needed")
        target = self._target(url)
        key = ("archive", url, digest, self._access)
        return await self._asker.once(key, lambda: self._load(target, digest))

    async def kept(self, url: str, digest: str) -> bytes | None:
        """The archive of this digest where the cache has it. Nobody is asked."""
        self._target(url)
        kept = await self._asker.in_thread(self._cache.get, digest)
        if kept is not None:
            self._asker.meter.chart_asked(kept=True)
        return kept

    async def resolve(
        self, url: str, version: str, version_filter: str, name: str, *, max_age: float = 0.0
    ) -> Resolved:
        """What a version or range of a chart in the repository `url` stands for now, or without a name, of the archive
        at `url`: one conditional request. The index may be one that was asked for within `max_age` seconds."""
        parse_range(version)  # whoever wrote what cannot be read is told so before anybody is asked
        parse_filter(version_filter)
        if not name:
            key = ("archive now", url, self._access)
            source = await self._asker.once(key, lambda: self._archive_now(self._target(url)))
            _check_version(HttpUrl.parse(url).place, source.version, version, version_filter)
            return Resolved(url, source.version, source.digest)
        found = await self._chosen(url, name, version, version_filter, max_age)
        target = self._target(found.url, home=url)
        digest = found.digest
        if not digest:
            key = ("archive of", found.url, self._access)
            digest = (await self._asker.once(key, lambda: self._archive_now(target))).digest
        return Resolved(found.url, found.entry.version, digest)

    async def _chosen(self, url: str, name: str, version: str, version_filter: str, max_age: float) -> Found:
        is_of_before = self.index_age(url) < max_age
        index = await self.index(url, max_age=max_age)
        try:
            # In a thread: a chart may have as many versions as its repository pleases.
            return await self._asker.in_thread(choose, index, url, name, version, version_filter)
        except (ChartNotFound, NoMatchingVersion):
            if not is_of_before:
                raise
        # Whoever asks for what was just published must not wait until the index is old enough.
        index = await self.index(url)
        return await self._asker.in_thread(choose, index, url, name, version, version_filter)

    async def index(self, url: str, *, max_age: float = 0.0) -> Index:
        """What the repository at this URL serves now: one conditional request, or none where somebody asked within
        `max_age` seconds."""
        index_url = _index_url(url)
        target = self._target(index_url, home=url)
        if self._indexes.age(index_url, self._access) < max_age:
            known = await self._asker.in_thread(self._known_index, index_url)
            if known is not None:
                return known
        return await self._asker.once(("index", index_url, self._access), lambda: self._index_now(target))

    async def index_in(self, path: Path, place: str) -> Index:
        """The index in a file of this machine, which messages call `place`. Raises OSError and UnreadableIndex."""

        def read() -> Index:
            with path.open("rb") as file:
                digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
                index = self._indexes.index(digest)
                if index is None:
                    index = self._indexes.read(file, digest, place)
            return index

        return await self._asker.in_thread(read)

    def index_age(self, url: str) -> float:
        """Seconds since the repository was last asked for its index."""
        return self._indexes.age(_index_url(url), self._access)

    def index_digest(self, url: str) -> str:
        """Digest of the index.yaml that was last seen, "" where none was."""
        source = self._indexes.source(_index_url(url), self._access)
        return "" if source is None else source.digest

    async def locate(self, url: str, name: str, digest: str, version: str, *, max_age: float = 0.0) -> str:
        """The URL of the archive that has this digest, or is of this version, as the index says. Raises ChartNotFound
        where it knows neither."""
        index = await self.index(url, max_age=max_age)
        found = await self._asker.in_thread(_archive_of, index, url, name, digest)
        if not found and max_age:  # it may have been published a moment ago
            index = await self.index(url)
            found = await self._asker.in_thread(_archive_of, index, url, name, digest)
        if found:
            return found
        if version or name not in index:
            return (await self._asker.in_thread(choose, index, url, name, version)).url
        raise ChartNotFound(f"{HttpUrl.parse(url).place}/{name}", f"a version whose digest is {digest}")

    async def provenance(self, url: str) -> bytes | None:
        """The provenance file beside the archive at this URL, None where there is none."""
        beside = HttpUrl.parse(url)
        parts = beside.text.partition("?")
        target = self._target(f"{parts[0]}.prov{parts[1]}{parts[2]}", home=url)
        return await self._ask(target, lambda client: client.provenance(target))

    async def verify(self, url: str, digest: str, verification: Verification) -> Verified:
        """By whom the archive of this digest is signed, as the provenance file beside it says; from the cache without
        any request, once it passed."""
        place = self._target(url).url.place
        if not isinstance(verification, SignedProvenance):
            raise InvalidVerification(
                f"{place}: cosign signs charts in registries, and this one comes by HTTP",
                hint="set spec.chart.verify.provider to provenance, or push the chart to a registry",
            )
        subject = self._subject(url, digest)

        async def find() -> tuple[Subject, Evidence]:
            return subject, Evidence(provenance=await self.provenance(url))

        return await self._asker.once(
            ("verified", url, digest, verification, self._access),
            lambda: self._verifying.verify(digest, verification, lambda: subject, find),
        )

    async def verified_before(self, url: str, digest: str, verification: Verification) -> Verified | None:
        """The same where that was found out before, else None. Nobody is asked."""
        subject = self._subject(url, digest)
        return await self._verifying.before(digest, verification, lambda: subject)

    def _subject(self, url: str, digest: str) -> Subject:
        name = unquote(HttpUrl.parse(url).path.rpartition("/")[2])
        return Subject(self._target(url).url.place, digest, digest, file_name=name)

    def _target(self, url: str, *, home: str = "") -> Target:
        target = Target.of(url, self._access, home=home)
        self._asker.reach.check_place(target.url.place)
        return target

    async def _load(self, target: Target, digest: str) -> bytes:
        kept = await self._asker.in_thread(self._cache.get, digest)
        if kept is None:
            async with self._asker.turn(target.url, digest, self._access.without_credential()):
                kept = await self._asker.in_thread(self._cache.get, digest)
                if kept is None:
                    self._asker.meter.chart_asked(kept=False)
                    return await self._download(target, digest)
        self._asker.meter.chart_asked(kept=True)
        return kept

    async def _download(self, target: Target, digest: str) -> bytes:
        def download(client: RepositoryClient) -> bytes:
            data = client.archive(target)
            got = digest_of(data)
            if got != digest:
                raise DigestMismatch(target.url.place, "the chart", wanted=digest, got=got, hint=_other_bytes(target))
            self._cache.put(digest, data)
            return data

        return await self._ask(target, download)

    def _known_index(self, index_url: str) -> Index | None:
        source = self._indexes.source(index_url, self._access)
        return None if source is None else self._indexes.index(source.digest)

    async def _index_now(self, target: Target) -> Index:
        def download(client: RepositoryClient) -> Index:
            known = self._indexes.source(target.url.text, self._access)
            index = None if known is None else self._indexes.index(known.digest)
            validators = known.validators if known is not None and index is not None else Validators()
            with self._indexes.temporary_file() as file:
                limit = self._asker.limits.index_bytes
                downloaded = _download_index(client, target, validators, file, limit)
                if downloaded is None:
                    assert index is not None  # there were no conditions without it
                    self._indexes.checked(target.url.text, self._access)
                    return index
                source = Source(downloaded.validators, downloaded.digest)
                index = self._indexes.index(source.digest)
                if index is None:
                    index = self._indexes.read(file, source.digest, target.home.place)
            self._indexes.note(target.url.text, self._access, source)
            self._indexes.checked(target.url.text, self._access)
            return index

        return await self._ask(target, download)

    async def _archive_now(self, target: Target) -> Source:
        """What the archive at a URL is now; its bytes are in the cache then."""

        def download(client: RepositoryClient) -> Source:
            known = self._indexes.source(target.url.text, self._access)
            is_here = known is not None and self._cache.get(known.digest) is not None
            validators = known.validators if known is not None and is_here else Validators()
            with self._indexes.temporary_file() as file:
                limit = self._asker.limits.chart_bytes
                downloaded = client.download(target, validators, file, "the chart", limit)
                if downloaded is None:
                    assert known is not None
                    return known
                file.seek(0)
                data = file.read()
            source = Source(downloaded.validators, downloaded.digest, _version_in(data, target.url.place))
            self._cache.put(source.digest, data)
            self._indexes.note(target.url.text, self._access, source)
            return source

        return await self._ask(target, download)

    async def _ask(self, target: Target, question: Callable[[RepositoryClient], _T]) -> _T:
        return await self._asker.ask(RepositoryEndpoint.of(target, self._access), question)


def _download_index(
    client: RepositoryClient, target: Target, known: Validators, file: BinaryIO, limit: int
) -> Downloaded | None:
    try:
        return client.download(target, known, file, _INDEX, limit)
    except ChartNotFound as error:
        error.hint = _no_index(target)
        raise
    except TooLarge as error:
        error.hint = "take versions that nobody needs out of the repository, or serve its charts from an OCI registry"
        raise


def _no_index(target: Target) -> str:
    if target.home.path.rstrip("/").endswith(f"/{_INDEX}"):
        return f"leave /{_INDEX} out of spec.chart.repository.url: it is looked for below that URL"
    return (
        "is spec.chart.repository.url that of a chart repository? Its index.yaml lies directly below it; a repository "
        "may also hide what the credentials may not see"
    )


def _other_bytes(target: Target) -> str:
    if target.url == target.home:
        return "nothing of it was used: find out who replaced it, or pin the new digest in spec.chart.digest"
    return (
        "the digest that was wanted is that of spec.chart.digest or else of the repository's index.yaml; nothing of it "
        "was used: upload the chart again, make the index anew with `helm repo index`, or pin the new digest"
    )


def choose(index: Index, url: str, name: str, version: str = "", version_filter: str = "") -> Found:
    """The version of a chart that is meant, in the index of the repository at `url`. Raises SourceError."""
    place = HttpUrl.parse(url).place
    if name not in index:
        raise _no_chart(index, place, name)
    entry = index.get(name, version, version_filter)
    if entry is None:
        newest = tuple(found.version for found in index.versions(name)[:_SHOWN])
        raise NoMatchingVersion(f"{place}/{name}", version, version_filter, newest, noun="version")
    if not entry.urls:
        raise UnreadableIndex(place, f"chart {name} {entry.version} has no downloadable URLs")
    absolute = resolve(HttpUrl.parse(url).text, entry.urls[0])
    if len(absolute) > MOST_URL_LENGTH:
        raise UnreadableIndex(
            place, f"the URL of chart {name} {entry.version} has more than {MOST_URL_LENGTH} characters"
        )
    return Found(entry, absolute, _digest(entry, place))


def _no_chart(index: Index, place: str, name: str) -> ChartNotFound:
    near = similar(index, name)
    has = f"has {', '.join(near)}" if near else f"has {counted(len(index))}, none of a similar name"
    return ChartNotListed(place, name, has=f"the repository {has}")


def counted(charts: int) -> str:
    """So many charts, in words."""
    return "1 chart" if charts == 1 else f"{charts} charts"


def similar(index: Index, name: str) -> list[str]:
    """Charts of an index that may have been meant, the most similar first."""
    import difflib  # only to help after an error

    near = difflib.get_close_matches(name, list(index), n=_SHOWN) if len(index) < _MOST_COMPARED else []
    return [clean(each) for each in near]


def _archive_of(index: Index, url: str, name: str, digest: str) -> str:
    """The URL of the chart's archive that has this digest, "" where the index has none."""
    repository = HttpUrl.parse(url)
    for entry in index.versions(name):
        if entry.urls and _digest(entry, repository.place) == digest:
            return resolve(repository.text, entry.urls[0])
    return ""


def _index_url(url: str) -> str:
    return resolve(HttpUrl.parse(url).text, _INDEX)


def _digest(entry: ChartVersion, place: str) -> str:
    """The digest in one form: `helm repo index` writes it bare."""
    text = entry.digest.lower()
    digest = text if not text or text.startswith("sha256:") else f"sha256:{text}"
    if digest and not is_digest(digest):
        raise UnreadableIndex(place, f"chart {entry.name} {entry.version} has the digest {entry.digest!r}")
    return digest


def _version_in(data: bytes, place: str) -> str:
    try:
        chart_yaml = archive_file(data, "Chart.yaml")
        fields = {} if chart_yaml is None else decode_metadata(chart_yaml, "Chart.yaml")
    except NotGzip as error:
        raise NotAChart(place, f"it begins with {beginning(data)}", hint=_UPLOAD) from error
    except ChartError as error:
        raise NotAChart(place, error.message, hint=error.hint or _UPLOAD) from error
    if chart_yaml is None:
        raise NotAChart(place, "it has no Chart.yaml", hint=_UPLOAD)
    return str(fields.get("version", ""))


def _check_version(place: str, version: str, wanted: str, version_filter: str) -> None:
    if wanted == version or not (wanted or version_filter):
        return
    parsed = parsed_version(version)
    fits = parsed is not None and parse_filter(version_filter)(version) and parse_range(wanted or _ANY).check(parsed)
    if not fits:
        raise WrongVersion(place, wanted, version_filter, version)
