"""What an OCI manifest says of a chart: which blob is the archive, which the provenance.

Called with bytes whose digest was verified. The media types are Helm's; layers are picked by media type, never by
position, because Helm sorts them by digest.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from steersman.registry.errors import NotAChart
from steersman.registry.reference import is_digest

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
CONTENT_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
LEGACY_CONTENT_TYPE = "application/tar+gzip"
PROVENANCE_TYPE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
# Indexes are asked for too, so that the user reads "an index" and not the registry's 404.
ACCEPT = ", ".join([MANIFEST_TYPE, *sorted(INDEX_TYPES)])


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """An OCI descriptor: what a blob is, its digest and size."""

    media_type: str
    digest: str
    size: int


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    config: Descriptor
    layers: list[Descriptor]


class _Kind(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""
    manifests: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True, slots=True)
class ChartManifest:
    """The blobs of one chart."""

    content: Descriptor
    provenance: Descriptor | None

    @property
    def is_legacy(self) -> bool:
        """Whether the archive has the media type of Helm 3.0 and before, which Helm accepts with a warning."""
        return self.content.media_type == LEGACY_CONTENT_TYPE


def parse_manifest(data: bytes, place: str) -> ChartManifest:
    """Read a verified manifest. Raises NotAChart with the media types that were found."""
    try:
        kind = msgspec.json.decode(data, type=_Kind)
        if kind.media_type in INDEX_TYPES or bytes(kind.manifests):
            found = (kind.media_type or "an index without one",)
            raise NotAChart(place, "it is an index of several manifests; pin one of them", found)
        manifest = msgspec.json.decode(data, type=_Manifest)
    except msgspec.DecodeError as error:
        raise NotAChart(place, f"its manifest cannot be read: {error}", ()) from error
    if manifest.config.media_type != CONFIG_TYPE:
        raise NotAChart(place, "its config is not that of a chart", (manifest.config.media_type,))
    return ChartManifest(_content(manifest, place), _only(manifest, PROVENANCE_TYPE, place))


def _content(manifest: _Manifest, place: str) -> Descriptor:
    content = _only(manifest, CONTENT_TYPE, place)
    if content is None:
        content = _only(manifest, LEGACY_CONTENT_TYPE, place)
    if content is None:
        raise NotAChart(place, "it has no chart layer", tuple(layer.media_type for layer in manifest.layers))
    return content


def _only(manifest: _Manifest, media_type: str, place: str) -> Descriptor | None:
    found = [layer for layer in manifest.layers if layer.media_type == media_type]
    if not found:
        return None
    if len(found) > 1:
        raise NotAChart(place, f"it has {len(found)} layers of one kind", (media_type,))
    if not is_digest(found[0].digest) or found[0].size < 0:
        raise NotAChart(place, "a layer has no valid digest or size", (media_type,))
    return found[0]
