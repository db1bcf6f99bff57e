"""Archives of HTTP repositories: signed by the provenance file beside them, or refused."""

from __future__ import annotations

import pytest
from registry.conftest import PLAIN
from registry.repositories import PREFIX, chart, serving
from registry.scripted import ScriptedServer, sha256
from registry.signatures.openpgp_keys import new_key, provenance, public

from steersman.core.verification import SignedByKey, SignedProvenance
from steersman.registry.cache import ChartCache
from steersman.registry.errors import InvalidVerification, SignatureAbsent, VerificationFailed
from steersman.registry.reach import Reach
from steersman.registry.source import Charts, ChartSources

ANN = new_key()
TRUST = SignedProvenance((public(ANN),))
WEB = chart("app", "1.2.3+b")
NAME = "app-1.2.3+b.tgz"
DIGEST = sha256(WEB)


def url(server: ScriptedServer) -> str:
    return f"http://{server.host}{PREFIX}/{NAME}"


async def test_the_file_beside_the_archive_holds_and_is_asked_for_once(
    server: ScriptedServer, source: Charts, cache: ChartCache
) -> None:
    server.script = serving({NAME: WEB, f"{NAME}.prov": provenance(ANN, DIGEST)})
    verified = await source.verify(url(server), DIGEST, TRUST)
    assert verified.by.startswith("provenance by Ann")
    restarted = ChartSources(cache, reach=Reach(local=True))
    assert await restarted.source(PLAIN).verify(url(server), DIGEST, TRUST) == verified
    assert await restarted.source(PLAIN).verified_before(url(server), DIGEST, TRUST) == verified
    await restarted.close()
    assert server.paths() == [f"GET {PREFIX}/{NAME}.prov"]


@pytest.mark.parametrize(
    ("files", "error"),
    [
        pytest.param({}, SignatureAbsent, id="absent"),
        pytest.param({f"{NAME}.prov": provenance(ANN, sha256(b""))}, VerificationFailed, id="of-another-archive"),
        pytest.param({f"{NAME}.prov": provenance(new_key(), DIGEST)}, VerificationFailed, id="by-another-key"),
    ],
)
async def test_what_does_not_hold(
    server: ScriptedServer, source: Charts, files: dict[str, bytes], error: type[VerificationFailed]
) -> None:
    server.script = serving(files)
    with pytest.raises(error):
        await source.verify(url(server), DIGEST, TRUST)


async def test_cosign_signs_in_registries(server: ScriptedServer, source: Charts) -> None:
    with pytest.raises(InvalidVerification, match="cosign signs charts in registries"):
        await source.verify(url(server), DIGEST, SignedByKey(()))
    assert server.requests == []
