"""`controller.terms`: credentials, TLS, proxy and signatures out of Secrets and ServiceAccounts, and what is wrong with
them."""

import base64
import json
from typing import Any

import pytest
from controller.sources import NAMED, URL, Sources
from core.plan.builders import helm_release
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

from steersman.actions.base import problem_of
from steersman.controller.terms import SourceObjectUnusable
from steersman.core.verification import SignedByIdentity, SignedByKey
from steersman.errors import SteersmanError
from steersman.registry.access import Access, Tls
from steersman.registry.auth import Credential
from steersman.registry.errors import AccessDenied

ME = Credential("me", "word")


def docker(host: str = "registry.example") -> dict[str, str]:
    auth = base64.b64encode(b"me:word").decode()
    return {".dockerconfigjson": json.dumps({"auths": {host: {"auth": auth}}})}


async def access(sources: Sources, **chart: Any) -> Access:
    release = helm_release({"chart": {"url": URL, "version": "1.x", **chart}})
    return await sources.terms.access(sources.terms.locate(release))


@pytest.fixture
def sources() -> Sources:
    made = Sources()
    made.configs.put("Secret", "login", username="me", password="word\n")
    made.configs.put("Secret", "docker", **docker())
    made.configs.put("Secret", "elsewhere", **docker("other.example"))
    made.configs.put("Secret", "nothing", key="value")
    made.configs.put("Secret", "half", **{"tls.crt": "CERT"})
    made.configs.put("Secret", "proxy", address="http://proxy.example:3128/", username="u@x", password="p/:")
    made.configs.put("Secret", "plain-proxy", address="https://proxy.example")
    made.configs.put_account("builder", "gone", "elsewhere", "docker")
    made.configs.put_account("nobody")
    made.configs.put_account("federated", **{"steersman.dev/registry-audience": "registry"})
    return made


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param({}, Access(), id="nothing"),
        pytest.param({"secretRef": {"name": "login"}}, Access(ME), id="user and password"),
        pytest.param({"secretRef": {"name": "docker"}}, Access(ME), id="docker config"),
        pytest.param({"secretRef": {"name": "elsewhere"}}, Access(), id="docker config for another registry"),
        pytest.param({"serviceAccountName": "builder"}, Access(ME), id="pull secrets"),
        pytest.param({"serviceAccountName": "nobody"}, Access(), id="no pull secrets"),
        pytest.param({"secretRef": {"name": "login"}, "serviceAccountName": "gone"}, Access(ME), id="Secret first"),
        pytest.param(
            {"secretRef": {"name": "elsewhere"}, "serviceAccountName": "builder"}, Access(ME), id="Secret, then account"
        ),
        pytest.param({"insecure": True}, Access(insecure=True), id="insecure"),
        pytest.param(
            {"proxySecretRef": {"name": "proxy"}},
            Access(proxy="http://u%40x:p%2F%3A@proxy.example:3128"),
            id="a proxy with a password",
        ),
        pytest.param({"proxySecretRef": {"name": "plain-proxy"}}, Access(proxy="https://proxy.example"), id="a proxy"),
        pytest.param({"provider": "gcp"}, Access(Credential("gcp", "of an hour")), id="the operator's own identity"),
        pytest.param(
            {"provider": "aws", "serviceAccountName": "nobody"},
            Access(Credential("aws", "of an hour")),
            id="an account's identity",
        ),
        pytest.param(
            {"serviceAccountName": "federated"},
            Access(Credential("generic", "of an hour")),
            id="an account's token",
        ),
    ],
)
async def test_terms(sources: Sources, chart: dict[str, Any], expected: Access) -> None:
    assert await access(sources, **chart) == expected


async def test_certificates(sources: Sources, pair: Pair) -> None:
    certificate, key = pair.certificate.read_bytes(), pair.key.read_bytes()
    entries = {"ca.crt": certificate.decode(), "tls.crt": certificate.decode(), "tls.key": key.decode()}
    sources.configs.put("Secret", "tls", **entries)
    found = await access(sources, certSecretRef={"name": "tls"}, minTLSVersion="1.3")
    assert found == Access(tls=Tls(certificate, certificate, key, minimum_version="1.3"))


async def test_certificates_that_nobody_can_use_are_told_before_anybody_is_connected_to(sources: Sources) -> None:
    sources.configs.put("Secret", "garbage", **{"ca.crt": "hello"})
    with pytest.raises(SteersmanError) as caught:
        await access(sources, certSecretRef={"name": "garbage"})
    assert caught.value.message == "Secret demo/garbage holds no PEM certificate in ca.crt"
    assert (caught.value.reason, caught.value.transient) == ("SourceNotReady", False)
    assert problem_of(caught.value).retryable


@pytest.mark.parametrize(
    ("chart", "hint"),
    [
        pytest.param({}, "no credentials were given: name a Secret in spec.chart.secretRef", id="nothing"),
        pytest.param({"secretRef": {"name": "login"}}, "check the credentials of Secret demo/login, and", id="a login"),
        pytest.param(
            {"secretRef": {"name": "elsewhere"}},
            "no credentials were given: Secret demo/elsewhere has no entry for registry.example (it has other.example)",
            id="a docker config for another registry",
        ),
        pytest.param(
            {"serviceAccountName": "builder"},
            "check the credentials in the pull secrets of ServiceAccount demo/builder (gone, elsewhere, docker), and",
            id="pull secrets",
        ),
        pytest.param(
            {"serviceAccountName": "nobody"},
            "no credentials were given: ServiceAccount demo/nobody has no imagePullSecrets",
            id="no pull secrets",
        ),
        pytest.param(
            {"secretRef": {"name": "elsewhere"}, "serviceAccountName": "other"},
            "(it has other.example); none of the pull secrets of ServiceAccount demo/other (elsewhere) has an entry",
            id="neither",
        ),
        pytest.param({"serviceAccountName": "federated"}, "check the rights of ServiceAccount demo/fed", id="a token"),
        pytest.param({"provider": "gcp"}, "no credentials were given", id="a cloud"),
        pytest.param({"secretRef": {"name": "gone"}}, "no credentials were given: name a", id="gone meanwhile"),
    ],
)
async def test_whose_credentials_were_refused(sources: Sources, chart: dict[str, Any], hint: str) -> None:
    sources.configs.put_account("other", "elsewhere")
    location = sources.terms.locate(helm_release({"chart": {"url": URL, "version": "1.x", **chart}}))
    refusal = AccessDenied("registry.example/charts/shop", "status 401", status=401, anonymous=True)
    error = await sources.terms.explained(refusal, location)
    assert error.message == refusal.message
    assert hint in error.hint
    assert "word" not in error.hint
    # Several releases that asked together got the same error: nobody's Secret is told to others.
    assert refusal.hint.startswith("no credentials were given: name a Secret")


async def test_other_errors_are_not_explained(sources: Sources) -> None:
    location = sources.terms.locate(helm_release({"chart": {"url": URL, "version": "1.x"}}))
    elsewhere = AccessDenied("h/x.tgz", "status 401", status=401, anonymous=False, only_for="registry.example")
    for error in (SteersmanError("x"), elsewhere):
        assert await sources.terms.explained(error, location) is error


async def test_an_identity_is_asked_for_its_registry_with_its_token(sources: Sources) -> None:
    await access(sources, provider="azure", serviceAccountName="nobody")
    await access(sources, provider="azure")
    assert sources.identities.asked == [
        ("azure", "registry.example", "demo/nobody for audience"),
        ("azure", "registry.example", ""),
    ]


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        pytest.param(
            {"secretRef": {"name": "gone"}},
            "Secret demo/gone, which spec.chart.secretRef names, does not exist (create it; it is noticed at once)",
            id="no Secret",
        ),
        pytest.param({"secretRef": {"name": "nothing"}}, "Secret demo/nothing: unusable", id="no credentials"),
        pytest.param(
            {"serviceAccountName": "gone"},
            "ServiceAccount demo/gone, which spec.chart.serviceAccountName names, does not exist",
            id="no account",
        ),
        pytest.param(
            {"certSecretRef": {"name": "nothing"}},
            "Secret demo/nothing has none of ca.crt, tls.crt and tls.key",
            id="no TLS",
        ),
        pytest.param({"certSecretRef": {"name": "half"}}, "Secret demo/half has no tls.key", id="half a certificate"),
        pytest.param(
            {"proxySecretRef": {"name": "nothing"}},
            "Secret demo/nothing has no usable address (write it as http://host:port",
            id="no proxy",
        ),
    ],
)
async def test_terms_that_cannot_be_read(sources: Sources, chart: dict[str, Any], words: str) -> None:
    with pytest.raises(SteersmanError) as caught:
        await access(sources, **chart)
    assert words in str(caught.value)
    assert caught.value.reason == "SourceNotReady"


@pytest.mark.parametrize(
    "address",
    ["proxy:3128", "http://", "socks5://h", "http://u:secret@h", "http://h:0", "http://h/path", "http://[::1", "http://h?x"],
)  # fmt: skip
async def test_addresses_that_are_no_proxy(sources: Sources, address: str) -> None:
    sources.configs.put("Secret", "bad", address=address)
    with pytest.raises(SteersmanError) as caught:
        await access(sources, proxySecretRef={"name": "bad"})
    assert "has no usable address" in caught.value.message
    assert "secret" not in str(caught.value).replace("Secret", "")


async def test_what_must_have_signed(sources: Sources) -> None:
    root = json.dumps({"mediaType": "x"})
    sources.configs.put("Secret", "root", **{"trusted_root.json": root})
    sources.put_repository(
        url="oci://registry.example/charts",
        verify={
            "provider": "cosign",
            "matchOIDCIdentity": [{"issuer": "^i$", "subject": "^s$"}],
            "trustedRootSecretRef": {"name": "root"},
        },
    )
    location = sources.terms.locate(helm_release(NAMED))
    found = await sources.terms.verification(location)
    assert isinstance(found, SignedByIdentity)
    assert found.trusted_root == root.encode()
    assert await sources.terms.verification(location) is found
    assert not isinstance(found, SignedByKey)


@pytest.mark.parametrize(
    "field",
    [{"insecure": True}, {"proxySecretRef": {"name": "way"}}, {"certSecretRef": {"name": "trust"}}],
    ids=lambda field: next(iter(field)),
)
async def test_the_operators_own_identity_passes_nobody_who_could_read_it(
    sources: Sources, pair: Pair, field: dict[str, Any]
) -> None:
    """A proxy and an authority of a tenant see all that goes to the cloud's registry."""
    sources.configs.put("Secret", "way", address="http://proxy.tenant.example:3128")
    sources.configs.put("Secret", "trust", **{"ca.crt": pair.certificate.read_text()})
    sources.configs.put_account("nobody")
    with pytest.raises(SourceObjectUnusable, match=f"operator's own identity.*{next(iter(field))}"):
        await access(sources, provider="gcp", **field)
    assert sources.identities.asked == []
    await access(sources, provider="gcp", serviceAccountName="nobody", **field)
    assert len(sources.identities.asked) == 1
