"""How charts are reached and what must sign them: the fields that a HelmRelease's `chart` and a ChartRepository share.

Names follow Flux's source-controller where the meaning is the same. Secrets and the ServiceAccount are always those of
the object's own namespace. `access_checks` are the rules between these fields and the URL they are for.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from steersman.core.api.base import ApiStruct, Checked, Rule, check
from steersman.core.api.leaves import Name, Pattern

Provider = Literal["generic", "aws", "gcp", "azure"]
TlsVersion = Literal["1.2", "1.3"]
VerifyProvider = Literal["cosign", "provenance"]


class SecretReference(ApiStruct, frozen=True, kw_only=True):
    """A Secret in the object's namespace."""

    name: Annotated[Name, Meta(description="Name of the Secret.")]


class OidcIdentity(ApiStruct, frozen=True, kw_only=True):
    """Who may have signed, as the certificate of a keyless signature says."""

    issuer: Annotated[
        Pattern,
        Meta(
            description="Regular expression (RE2) for the issuer of the signer's identity "
            "(`^https://token.actions.githubusercontent.com$`)."
        ),
    ]
    subject: Annotated[
        Pattern,
        Meta(description="Regular expression (RE2) for the signer's identity (`^https://github.com/org/repo.*$`)."),
    ]


_VERIFY_CHECKS: tuple[Checked, ...] = (
    (
        Rule(
            "self.provider != 'provenance' || has(self.secretRef)",
            "{path}.secretRef must name the Secret with the keyring that provenance is verified with: set it",
            ".secretRef",
        ),
        lambda it: it.provider != "provenance" or it.secret_ref is not None,
    ),
    (
        Rule(
            "self.provider != 'provenance' || !(has(self.matchOIDCIdentity) || has(self.trustedRootSecretRef))",
            "{path}.matchOIDCIdentity and trustedRootSecretRef are for keyless signatures of cosign: remove them, or "
            "set {path}.provider to cosign",
        ),
        lambda it: it.provider != "provenance" or not (it.match_oidc_identity or it.trusted_root_secret_ref),
    ),
    (
        Rule(
            "self.provider != 'cosign' || has(self.secretRef) != has(self.matchOIDCIdentity)",
            "{path} must say who signs: set secretRef (public keys) or matchOIDCIdentity (keyless signatures), and not "
            "both",
        ),
        lambda it: it.provider != "cosign" or (it.secret_ref is not None) != bool(it.match_oidc_identity),
    ),
    (
        Rule(
            "!has(self.trustedRootSecretRef) || has(self.matchOIDCIdentity) || self.provider != 'cosign'",
            "{path}.trustedRootSecretRef is for keyless signatures: set {path}.matchOIDCIdentity too, or remove it",
            ".trustedRootSecretRef",
        ),
        lambda it: it.trusted_root_secret_ref is None or bool(it.match_oidc_identity) or it.provider != "cosign",
    ),
)


class VerifySpec(ApiStruct, frozen=True, kw_only=True):
    """Which signature a chart must have. Without it nothing of a chart is applied."""

    rules: ClassVar[tuple[Rule, ...]] = tuple(rule for rule, _ in _VERIFY_CHECKS)

    provider: Annotated[
        VerifyProvider,
        Meta(
            description="cosign: a signature beside the chart in its OCI registry. provenance: Helm's .prov file, made "
            "by `helm package --sign`."
        ),
    ]
    secret_ref: Annotated[
        SecretReference | None,
        Meta(
            description="Secret with what signatures are verified with. cosign: each key that ends in `.pub` is a "
            "public key (PEM), any of which may have signed. provenance: each key that ends in `.gpg`, `.pgp`, `.asc` "
            "or `.kbx` is an OpenPGP keyring: binary, armored, or GnuPG's keybox."
        ),
    ] = None
    match_oidc_identity: Annotated[
        tuple[OidcIdentity, ...],
        Meta(
            description="Who may have signed without a key of their own (keyless): any one of these. In place of "
            "secretRef.",
            min_length=1,
            max_length=16,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = msgspec.field(default=(), name="matchOIDCIdentity")
    trusted_root_secret_ref: Annotated[
        SecretReference | None,
        Meta(
            description="Secret whose key `trusted_root.json` holds the Sigstore authorities to trust for keyless "
            "signatures; the public ones when left out."
        ),
    ] = None

    def __post_init__(self) -> None:
        """The rules once more, for an object that never saw an API server."""
        check(self, _VERIFY_CHECKS)


class AccessFields(ApiStruct, frozen=True, kw_only=True):
    """The terms of access."""

    secret_ref: Annotated[
        SecretReference | None,
        Meta(
            description="Secret with the credentials: type kubernetes.io/dockerconfigjson (for OCI registries), or "
            "keys `username` and `password`, or `bearerToken`."
        ),
    ] = None
    cert_secret_ref: Annotated[
        SecretReference | None,
        Meta(
            description="Secret for TLS, type Opaque or kubernetes.io/tls: `ca.crt`, the authorities to trust in place "
            "of the system's; `tls.crt` and `tls.key`, the certificate to show."
        ),
    ] = None
    proxy_secret_ref: Annotated[
        SecretReference | None,
        Meta(
            description="Secret with the proxy to go through: `address` (`http://host:port`), and `username` and "
            "`password` where it asks for them. Without it the operator's own settings count."
        ),
    ] = None
    insecure: Annotated[
        bool,
        Meta(description="Plain HTTP instead of TLS. Credentials and charts then travel unprotected."),
    ] = False
    min_tls_version: Annotated[
        TlsVersion | None,
        Meta(description="The oldest version of TLS to talk; 1.2 when left out."),
    ] = msgspec.field(default=None, name="minTLSVersion")
    pass_credentials: Annotated[
        bool,
        Meta(
            description="Give the credentials of an HTTP repository to other hosts too, where its index places charts "
            "there. Otherwise they only go to the repository's own scheme, host and port. OCI registries have no "
            "index: not with oci://."
        ),
    ] = False
    provider: Annotated[
        Provider,
        Meta(
            description="Where credentials come from besides secretRef. generic: from the image pull secrets of "
            "serviceAccountName. aws, gcp, azure: from the cloud, by workload identity."
        ),
    ] = "generic"
    service_account_name: Annotated[
        Name | None,
        Meta(
            description="ServiceAccount in the same namespace: its image pull secrets are used where secretRef has "
            "nothing for the registry, or with a cloud provider its identity. When left out, a cloud provider uses the "
            "operator's own identity."
        ),
    ] = None
    verify: Annotated[VerifySpec | None, Meta(description="Which signature a chart must have.")] = None

    @property
    def has_terms(self) -> bool:
        """Whether any of these fields says something."""
        return any(getattr(self, name) != default for name, default in _TERMS.items())

    def names(self) -> frozenset[tuple[str, str]]:
        """Kind and name of every object that the terms are read from."""
        verify = self.verify
        secrets = [self.secret_ref, self.cert_secret_ref, self.proxy_secret_ref]
        secrets += [verify.secret_ref, verify.trusted_root_secret_ref] if verify is not None else []
        named = {("Secret", ref.name) for ref in secrets if ref is not None}
        if self.service_account_name is not None:
            named.add(("ServiceAccount", self.service_account_name))
        return frozenset(named)


_TERMS = {name: getattr(AccessFields(), name) for name in AccessFields.__struct_fields__}

NO_TERMS = (
    "!(has(self.secretRef) || has(self.certSecretRef) || has(self.proxySecretRef) || has(self.minTLSVersion) || "
    "has(self.serviceAccountName) || has(self.verify) || self.insecure || self.passCredentials || "
    "self.provider != 'generic')"
)
"""`has_terms` is false, in CEL."""


def access_checks(url: str) -> tuple[Checked, ...]:
    """The rules between the terms and the URL. `url` is the CEL expression of it ('' where there is none); an object
    tells its own by the property `address`."""
    is_oci = f"{url}.startsWith('oci://')"
    return (
        (
            Rule(
                f"!{url}.startsWith('http://') || self.insecure",
                "{path}.insecure must be true for http://, by which credentials and charts travel unprotected: write "
                "https://, or set {path}.insecure",
                ".insecure",
            ),
            lambda it: not it.address.startswith("http://") or it.insecure,
        ),
        (
            Rule(
                f"!(self.insecure && {url}.startsWith('https://'))",
                "{path}.insecure means plain HTTP, and the URL says https://: write http://, or remove {path}.insecure",
                ".insecure",
            ),
            lambda it: not (it.insecure and it.address.startswith("https://")),
        ),
        (
            Rule(
                f"!(self.passCredentials && {is_oci})",
                "{path}.passCredentials is for the index of an HTTP repository, and the URL says oci://: remove "
                "{path}.passCredentials",
                ".passCredentials",
            ),
            lambda it: not (it.pass_credentials and it.address.startswith("oci://")),
        ),
        (
            Rule(
                f"self.provider == 'generic' || {url} == '' || {is_oci}",
                "{path}.provider of a cloud is for its OCI registry (oci://…): remove {path}.provider, and set "
                "{path}.secretRef where the repository asks for credentials",
                ".provider",
            ),
            lambda it: it.provider == "generic" or it.address == "" or it.address.startswith("oci://"),
        ),
        (
            Rule(
                "self.provider == 'generic' || !has(self.secretRef)",
                "{path}.provider takes credentials from the cloud and {path}.secretRef from a Secret: remove one",
                ".provider",
            ),
            lambda it: it.provider == "generic" or it.secret_ref is None,
        ),
        (
            Rule(
                f"!has(self.verify) || self.verify.provider != 'cosign' || {url} == '' || {is_oci}",
                "{path}.verify.provider cosign is for OCI registries (oci://…): set it to provenance, which Helm's "
                ".prov files beside the charts are for",
                ".verify",
            ),
            lambda it: (
                it.verify is None
                or it.verify.provider != "cosign"
                or it.address == ""
                or it.address.startswith("oci://")
            ),
        ),
    )
