"""One HTTP repository, read safely: its index.yaml, chart archives and the provenance files beside them.

Requests are `http.HttpClient`'s: bounded in time and size, with credentials for the repository's own origin alone.
Nothing is retried here: `asking` does that without holding a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import BinaryIO

import requests

from steersman.registry.connections import Connections
from steersman.registry.errors import REPOSITORY, ChartNotFound
from steersman.registry.http import HttpClient
from steersman.registry.targets import Downloaded, Target, Validators
from steersman.registry.urls import Origin, origin_of

_NOT_MODIFIED = 304
_CONDITIONS = {"If-None-Match", "If-Modified-Since"}
_GONE = (404, 410)
_HEADER_LENGTH = 1024


class RepositoryClient:
    """Asks one origin."""

    def __init__(self, origin: Origin, place: str, connections: Connections) -> None:
        self._access = connections.access
        self._limits = connections.limits
        self._http = HttpClient(place, origin, connections, noun=REPOSITORY)

    def download(self, target: Target, known: Validators, file: BinaryIO, what: str, limit: int) -> Downloaded | None:
        """Write the answer into the file, None where nothing changed since `known`. Raises SourceError."""
        response = self._get(target, what, known.headers())
        if response.status_code == _NOT_MODIFIED:
            response.close()
            return None
        digest = hashlib.sha256()
        for chunk in self._http.chunks(response, what, limit):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        return Downloaded(_validators(response), f"sha256:{digest.hexdigest()}")

    def archive(self, target: Target) -> bytes:
        """The chart archive at this URL, not verified. Raises SourceError."""
        response = self._get(target, "the chart", {"Accept": "application/gzip,application/octet-stream"})
        return self._http.read(response, "the chart", self._limits.chart_bytes)

    def provenance(self, target: Target) -> bytes | None:
        """The provenance file at this URL, None where there is none. Raises SourceError."""
        try:
            response = self._get(target, "the provenance file", {})
        except ChartNotFound:
            return None
        return self._http.read(response, "the provenance file", self._limits.provenance_bytes)

    def _get(self, target: Target, what: str, headers: Mapping[str, str]) -> requests.Response:
        self._http.place = target.url.place
        self._http.begin()
        home = origin_of(target.url.text) if target.with_credentials else ("", "", None)
        response = self._http.follow("GET", target.url.text, headers, self._credentials, home=home)
        anonymous = self._access.credential is None
        unchanged = (_NOT_MODIFIED,) if headers.keys() & _CONDITIONS else ()
        only_for = "" if anonymous or target.with_credentials else target.home.host
        self._http.raise_for_status(response, anonymous=anonymous, fine=(*_GONE, *unchanged), only_for=only_for)
        if response.status_code in _GONE:
            response.close()
            raise ChartNotFound(target.url.place, what, hint=_absent(target))
        return response

    def _credentials(self) -> Mapping[str, str]:
        credential = self._access.credential
        if credential is None or not (credential.username or credential.registry_token):
            return {}
        bearer = f"Bearer {credential.registry_token}" if credential.registry_token else ""
        return {"Authorization": bearer or credential.basic}


def _absent(target: Target) -> str:
    if target.url == target.home:
        return "check spec.chart.url; a repository may also hide what the credentials may not see"
    return "the repository's index.yaml names it: upload it, or make the index anew with `helm repo index`"


def _validators(response: requests.Response) -> Validators:
    etag = response.headers.get("ETag", "")
    modified = response.headers.get("Last-Modified", "")
    return Validators(
        *(text if len(text) <= _HEADER_LENGTH and text.isprintable() else "" for text in (etag, modified))
    )
