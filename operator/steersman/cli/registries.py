"""Charts from OCI registries for one command: the operator's sources (`registry.source`), reached as flags and the
user's docker config say, with a cache of this user's.

Called by `sources` and for HelmRelease files; imported only by commands that need a registry. What is told on standard
error and, where they are stable, error texts are Helm's.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.cli.charts import LocatedChart
from steersman.cli.credentials import credential_for
from steersman.cli.folders import user_cache
from steersman.cli.output import write_log
from steersman.cli.tls import read_tls
from steersman.core.chart.versions import InvalidVersion
from steersman.errors import SourceError, SteersmanError
from steersman.registry.access import Access
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.errors import (
    AccessDenied,
    ChartNotFound,
    NoMatchingVersion,
    RegistryUnavailable,
    TagNotFound,
    TlsProblem,
)
from steersman.registry.reach import Reach
from steersman.registry.reference import ChartReference, tag_of_version
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import Charts, ChartSources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steersman.cli.chartflags import ChartFlags
    from steersman.cli.helmrepos import HelmRepository

_RETRY = RetryPolicy(attempts=3)


class Registries:
    """Registries as these flags reach them. Raises SourceError for files that cannot be read."""

    def __init__(self, flags: ChartFlags) -> None:
        self._flags = flags
        # As Helm: whoever speaks of certificates gets TLS.
        self.access = Access(insecure=flags.plain_http and not flags.asks_for_tls, tls=read_tls(flags))

    def pull(self, reference: str, version: str) -> LocatedChart:
        """The chart of an `oci://` reference, of this version or range ("": the newest stable one). A chart whose
        digest is in the reference is not asked for twice. Raises SourceError."""
        with in_words_of_the_command_line(reference, version):
            return asyncio.run(self._pull(ChartReference.parse(reference), version))

    async def _pull(self, reference: ChartReference, version: str) -> LocatedChart:
        if version and reference.tag and tag_of_version(version) != reference.tag:
            raise SourceError(f"chart reference and version mismatch: {version} is not {reference.tag}")
        url = f"oci://{reference.place}"
        async with self._source(self.access_to(reference)) as source:
            if reference.digest:
                digest = reference.digest
                found = await _pinned(source, reference, version)
            else:
                tagged = f"{url}:{reference.tag}" if reference.tag else url
                resolved = await source.resolve(tagged, version)
                digest = resolved.digest
                found = await fetched(source, url, digest, tag_of_version(resolved.version))
            if self._flags.verify:
                from steersman.cli.verifying import verify_pulled

                await verify_pulled(source, url, digest, self._flags.keyring, shown=f"oci://{found.place}")
            return found

    def access_to(self, reference: ChartReference) -> Access:
        """The terms for one registry: this user's credentials. Raises InvalidCredentials."""
        return replace(self.access, credential=credential_for(reference, self._flags))

    def access_to_repository(self, url: str, added: HelmRepository | None = None) -> Access:
        """The terms for one HTTP repository: credentials and certificates of the flags, then those that it was `added`
        with. Raises SourceError."""
        flags = self._flags
        tls = self.access.tls
        username, password = flags.username, flags.password
        pass_credentials = flags.pass_credentials
        if added is not None:
            if added.ca_file or added.cert_file or added.key_file or added.insecure_skip_tls_verify:
                tls = read_tls(
                    flags._replace(
                        ca_file=added.ca_file,
                        cert_file=added.cert_file,
                        key_file=added.key_file,
                        insecure_skip_tls_verify=added.insecure_skip_tls_verify,
                    )
                )
            if not (username and password):
                username, password = added.username, added.password
            pass_credentials = pass_credentials or added.pass_credentials
        return Access(
            credential=Credential(username, password) if username and password else None,
            insecure=flags.plain_http or url.startswith("http://"),
            tls=tls,
            pass_credentials=pass_credentials,
            home=url,
        )

    @asynccontextmanager
    async def sources(self, threads: int = 1) -> AsyncIterator[ChartSources]:
        """What several questions of one command share."""
        with _cache(self._flags.content_cache) as cache:
            sources = ChartSources(cache, retry=_RETRY, reach=Reach(local=True), threads=threads, tell=tell_another_try)
            try:
                yield sources
            finally:
                await sources.close()

    @asynccontextmanager
    async def _source(self, access: Access) -> AsyncIterator[Charts]:
        async with self.sources() as sources:
            yield sources.source(access)


async def _pinned(source: Charts, reference: ChartReference, version: str) -> LocatedChart:
    """The chart of a reference with a digest."""
    url = f"oci://{reference.place}"
    kept = await source.kept(url, reference.digest)
    if kept is not None:
        return LocatedChart(f"{reference.place}@{reference.digest}", kept)
    await _check_tag(source, reference, version)
    return await fetched(source, url, reference.digest)


async def _check_tag(source: Charts, reference: ChartReference, version: str) -> None:
    """A tag or version beside a digest must mean that digest, unless the registry has no such tag."""
    if not (reference.tag or version):
        return
    tagged = f"oci://{reference.place}:{reference.tag}" if reference.tag else f"oci://{reference.place}"
    try:
        resolved = await source.resolve(tagged, version)
    except (TagNotFound, NoMatchingVersion):
        return
    if resolved.digest != reference.digest:
        raise SourceError(f"chart reference digest mismatch: {resolved.digest} is not {reference.digest}")


async def fetched(source: Charts, url: str, digest: str, tag: str = "") -> LocatedChart:
    archive = await source.fetch(url, digest)
    place = ChartReference.parse(url).place
    name = f"{place}:{tag}" if tag else f"{place}@{digest}"
    write_log([f"Pulled: {name}", f"Digest: {digest}"])
    return LocatedChart(name, archive)


def tell_another_try(error: RegistryUnavailable) -> None:
    """Whoever waits is told for what; TLS that does not come about is known at once."""
    if error.tls is TlsProblem.OTHER:
        write_log([f"{error.place}: {error.problem}; trying again"])


@contextmanager
def _cache(folder: str) -> Iterator[ChartCache]:
    """The user's cache of charts, or where there can be none, one that ends with this command."""
    try:
        cache = ChartCache(Path(folder) if folder else user_cache())
        cache.create()
    except (OSError, RuntimeError):  # a read-only folder; no home
        with tempfile.TemporaryDirectory(prefix="steersman-charts-") as temporary:
            yield ChartCache(Path(temporary))
        return
    yield cache


@contextmanager
def in_words_of_the_command_line(reference: str, version: str) -> Iterator[None]:
    """Errors of the sources speak of a HelmRelease's fields; these speak of flags, and where Helm has words, of its."""
    try:
        yield
    except NoMatchingVersion as error:
        if not error.newest:
            raise SourceError(f"unable to locate any tags in provided repository: {reference}") from error
        raise SourceError(
            f"could not locate a version matching provided version string {version}",
            hint=f"newest tags: {', '.join(error.newest)}; pre-releases match only with --devel or a range that names "
            "one, as in >=1.0.0-0",
        ) from error
    except InvalidVersion as error:
        raise SourceError(error.problem, hint="--version takes 1.2.3, or a range like >=1.2.0 <2.0.0") from error
    except TagNotFound as error:
        raise SourceError(
            f"{error.place}:{error.tag}: not found", hint="see which tags the repository has, or whether it is there"
        ) from error
    except SteersmanError as error:
        error.hint = advice(error)
        raise


def advice(error: SteersmanError) -> str:
    """What the user of a command can do about an error of the sources."""
    match error:
        case AccessDenied(only_for=host) if host:
            return f"the credentials are those of {host} and go nowhere else without --pass-credentials"
        case AccessDenied(anonymous=True, noun="repository"):
            return "pass --username and --password, or add the repository with them (`helm repo add`)"
        case AccessDenied(anonymous=True):
            return "log in with `helm registry login` or `docker login`, or pass --username and --password"
        case AccessDenied():
            return "check user name and password, and their rights on this repository"
        case ChartNotFound():
            return "check the reference; a registry may also hide what the credentials may not see"
        case RegistryUnavailable(tls=TlsProblem.UNTRUSTED):
            return "--ca-file names the authorities to trust"
        case RegistryUnavailable(tls=TlsProblem.PLAIN_HTTP):
            return "it seems to speak plain HTTP: pass --plain-http"
        case RegistryUnavailable(proxy=True):
            return "check the proxy variables of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)"
        case RegistryUnavailable(noun=noun):
            return f"see whether the {noun} is up and can be reached from here"
    return error.hint
