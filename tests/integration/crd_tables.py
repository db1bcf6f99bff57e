"""Rows for test_crds.py: where charts come from and on which terms, as the API server accepts and refuses it."""

from typing import Any

DIGEST = "sha256:" + "0" * 64
ARCHIVE = {"url": "https://charts.example/web-1.2.3.tgz"}
LISTED = {"repository": {"url": "https://charts.example/stable"}, "name": "web", "version": "1.x"}
SHARED = {"repository": {"ref": {"kind": "ChartRepository", "name": "stable"}}, "name": "web", "version": "1.x"}
KEYLESS = {
    "provider": "cosign",
    "matchOIDCIdentity": [{"issuer": "^https://issuer$", "subject": "^a@b$"}] * 16,
    "trustedRootSecretRef": {"name": "r"},
}
TERMS: dict[str, Any] = {
    "secretRef": {"name": "r"},
    "certSecretRef": {"name": "c"},
    "proxySecretRef": {"name": "p"},
    "insecure": True,
    "minTLSVersion": "1.3",
    "passCredentials": True,
    "provider": "aws",
    "serviceAccountName": "sa",
    "verify": {"provider": "provenance", "secretRef": {"name": "k"}},
}
PINNED = {"url": "oci://registry.example:5000/charts/web", "digest": DIGEST}
NAME_RULE = "lower case letters, digits"
DURATION = "must be a duration like 30s, 5m or 1h30m"
URL_REMEDY = "put those into spec.chart.version and spec.chart.digest"


def at(path: str, value: Any) -> dict[str, Any]:
    """A right spec with this one field."""
    spec: dict[str, Any] = {"chart": dict(PINNED)}
    *parents, leaf = path.split(".")
    place = spec
    for parent in parents:
        place = place.setdefault(parent, {})
    place[leaf] = value
    return spec


ACCEPTED_CHARTS = {
    "a version": at("chart", {"url": "oci://h/c", "version": "1.x"}),
    "version and digest": at("chart", {**PINNED, "version": ">=1.2.3 <2"}),
    "a filter": at("chart", {"url": "oci://h/c", "version": "*", "versionFilter": r"^1\.[0-9]+\.0$"}),
    "chart, all fields": at(
        "chart",
        {
            "url": "oci://h/c",
            "version": "*",
            "interval": "30s",
            **TERMS,
            "provider": "generic",
            "passCredentials": False,
        },
    ),
    "an archive": at("chart", ARCHIVE),
    "an archive, pinned, by plain HTTP": at(
        "chart", {"url": "http://h:8080/a/b.tgz", "digest": DIGEST, "version": "1.x", "insecure": True}
    ),
    "in a repository": at("chart", LISTED),
    "in a repository, with terms": at("chart", {**LISTED, **TERMS, "provider": "generic", "insecure": False}),
    "in an OCI repository": at(
        "chart", {"repository": {"url": "oci://h"}, "name": "a/web", "digest": DIGEST, "provider": "gcp"}
    ),
    "in a ChartRepository": at("chart", SHARED),
    "in a ChartRepository, the kind left out": at(
        "chart", {**SHARED, "repository": {"ref": {"name": "stable"}}, "interval": "1m", "versionFilter": "a"}
    ),
    "in a ChartRepository, terms that say nothing": at(
        "chart", {**SHARED, "insecure": False, "passCredentials": False, "provider": "generic"}
    ),
    "signed by a key": at("chart.verify", {"provider": "cosign", "secretRef": {"name": "k"}}),
    "signed without a key": at("chart.verify", KEYLESS),
    "an IPv6 registry": at("chart.url", "oci://[::1]:5000/a/b_c.d__e--f"),
    "a registry by IPv4": at("chart.url", "oci://127.0.0.1:5000/charts/web"),
}

REFUSED_CHARTS: dict[str, tuple[Any, str, str]] = {
    # case: (spec, field that the message names, remedy in the message)
    "no url": ({"chart": {"digest": DIGEST}}, "spec.chart.url", "set spec.chart.url to the chart's own URL"),
    "url and repository": (at("chart", {**PINNED, **LISTED}), "spec.chart.url", "and not both"),
    "https url of no archive": (at("chart.url", "https://h/c"), "spec.chart.url", "set spec.chart.repository.url"),
    "url with a password": (at("chart.url", "https://u:p@h/c.tgz"), "spec.chart.url", "without user, query"),
    "url with a query": (at("chart.url", "https://h/c.tgz?token=1"), "spec.chart.url", "without user, query"),
    "plain HTTP": (at("chart.url", "http://h/c.tgz"), "spec.chart.insecure", "or set spec.chart.insecure"),
    "plain HTTP repository": (
        at("chart", {**LISTED, "repository": {"url": "http://h"}}),
        "spec.chart.insecure",
        "write https://",
    ),
    "insecure TLS": (at("chart", {**ARCHIVE, "insecure": True}), "spec.chart.insecure", "remove spec.chart.insecure"),
    "repository": (at("chart", {**LISTED, "repository": {}}), "spec.chart.repository", "must have `url` or `ref`"),
    "repository twice": (
        at("chart", {**LISTED, "repository": {**LISTED["repository"], **SHARED["repository"]}}),
        "spec.chart.repository",
        "and not both",
    ),
    "repository url": (
        at("chart", {**LISTED, "repository": {"url": "https://u:p@h"}}),
        "spec.chart.repository.url",
        "credentials belong into a Secret",
    ),
    "repository without a name": (
        at("chart", {"repository": {"url": "https://h"}, "version": "1"}),
        "spec.chart.name",
        "set both",
    ),
    "name without a repository": (at("chart.name", "web"), "spec.chart.name", "remove it where spec.chart.url names"),
    "chart name": (at("chart", {**LISTED, "name": "../web"}), "spec.chart.name", "must be the name of a chart"),
    "ref of another kind": (
        at("chart", {**SHARED, "repository": {"ref": {"kind": "HelmRepository", "name": "a"}}}),
        "spec.chart.repository.ref.kind",
        '"ChartRepository"',
    ),
    "ref": (
        at("chart", {**SHARED, "repository": {"ref": {"name": "A"}}}),
        "spec.chart.repository.ref.name",
        NAME_RULE,
    ),
    "neither digest nor version in a repository": (
        at("chart", {"repository": {"url": "https://h"}, "name": "web"}),
        "spec.chart",
        "set spec.chart.digest",
    ),
    "filter of an archive": (
        at("chart", {**ARCHIVE, "version": "*", "versionFilter": "a"}),
        "spec.chart.versionFilter",
        "remove spec.chart.versionFilter",
    ),
    "certSecretRef": (at("chart.certSecretRef", {"name": "A"}), "spec.chart.certSecretRef.name", NAME_RULE),
    "proxySecretRef": (at("chart.proxySecretRef", {"name": "A"}), "spec.chart.proxySecretRef.name", NAME_RULE),
    "TLS version": (at("chart.minTLSVersion", "1.1"), "spec.chart.minTLSVersion", '"1.2", "1.3"'),
    "passCredentials": (at("chart.passCredentials", "no"), "spec.chart.passCredentials", "boolean"),
    "passCredentials of a registry": (
        at("chart", {**PINNED, "passCredentials": True}),
        "spec.chart.passCredentials",
        "remove spec.chart.passCredentials",
    ),
    "provider": (at("chart.provider", "ibm"), "spec.chart.provider", '"aws", "azure", "gcp", "generic"'),
    "provider and secretRef": (
        at("chart", {**PINNED, "provider": "aws", "secretRef": {"name": "r"}}),
        "spec.chart.provider",
        "remove one",
    ),
    "provider of an HTTP repository": (
        at("chart", {**LISTED, "provider": "aws"}),
        "spec.chart.provider",
        "remove spec.chart.provider",
    ),
    "service account": (at("chart.serviceAccountName", "A"), "spec.chart.serviceAccountName", NAME_RULE),
    "verify": (at("chart.verify", {}), "spec.chart.verify.provider", "Required value"),
    "verify provider": (
        at("chart.verify", {"provider": "notation"}),
        "spec.chart.verify.provider",
        '"cosign", "provenance"',
    ),
    "verify by nobody": (
        at("chart.verify", {"provider": "cosign"}),
        "spec.chart.verify",
        "must say who signs: set secretRef",
    ),
    "verify by key and identity": (
        at("chart.verify", {**KEYLESS, "secretRef": {"name": "k"}}),
        "spec.chart.verify",
        "and not both",
    ),
    "verify secretRef": (
        at("chart.verify", {"provider": "cosign", "secretRef": {"name": "A"}}),
        "spec.chart.verify.secretRef.name",
        NAME_RULE,
    ),
    "provenance without a keyring": (
        at("chart.verify", {"provider": "provenance"}),
        "spec.chart.verify.secretRef",
        "must name the Secret with the keyring",
    ),
    "provenance by identity": (
        at("chart.verify", {**KEYLESS, "provider": "provenance", "secretRef": {"name": "k"}}),
        "spec.chart.verify.matchOIDCIdentity",
        "set spec.chart.verify.provider to cosign",
    ),
    "too many identities": (
        at("chart.verify", {**KEYLESS, "matchOIDCIdentity": KEYLESS["matchOIDCIdentity"] * 2}),
        "spec.chart.verify.matchOIDCIdentity",
        "must have at most 16 items",
    ),
    "issuer": (
        at("chart.verify", {"provider": "cosign", "matchOIDCIdentity": [{"issuer": "(", "subject": "a"}]}),
        "spec.chart.verify.matchOIDCIdentity[0].issuer",
        "must be a regular expression",
    ),
    "subject": (
        at("chart.verify", {"provider": "cosign", "matchOIDCIdentity": [{"issuer": "a", "subject": ""}]}),
        "spec.chart.verify.matchOIDCIdentity[0].subject",
        "must not be empty",
    ),
    "trusted root": (
        at("chart.verify", {**KEYLESS, "trustedRootSecretRef": {"name": "A"}}),
        "spec.chart.verify.trustedRootSecretRef.name",
        NAME_RULE,
    ),
    "trusted root with a key": (
        at(
            "chart.verify",
            {"provider": "cosign", "secretRef": {"name": "k"}, "trustedRootSecretRef": {"name": "r"}},
        ),
        "spec.chart.verify.trustedRootSecretRef",
        "set spec.chart.verify.matchOIDCIdentity too",
    ),
    "cosign of an archive": (
        at("chart", {**ARCHIVE, "verify": {"provider": "cosign", "secretRef": {"name": "k"}}}),
        "spec.chart.verify",
        "set it to provenance",
    ),
    "url with a tag": (at("chart.url", "oci://h/c:1.2.3"), "spec.chart.url", URL_REMEDY),
    "url with a digest": (at("chart.url", f"oci://h/c@{DIGEST}"), "spec.chart.url", URL_REMEDY),
    "url without a chart": (at("chart.url", "oci://h"), "spec.chart.url", "must be oci://registry.example/path/chart"),
    "url in capitals": (at("chart.url", "oci://h/Web"), "spec.chart.url", "in lower case"),
    "url too long": (at("chart.url", "oci://h/" + "a" * 512), "spec.chart.url", "may not be more than 512"),
    "neither digest nor version": ({"chart": {"url": "oci://h/c"}}, "spec.chart", "set spec.chart.digest"),
    "short digest": (at("chart.digest", "sha256:00"), "spec.chart.digest", "64 hexadecimal digits"),
    "other algorithm": (at("chart.digest", "sha512:" + "0" * 64), "spec.chart.digest", "must be sha256:"),
    "blank version": (at("chart.version", "  "), "spec.chart.version", "write a version like 1.2.3"),
    "filter with a digest": (
        at("chart", {**PINNED, "version": "*", "versionFilter": "a"}),
        "spec.chart.versionFilter",
        "leave spec.chart.digest out",
    ),
    "filter without a version": (at("chart.versionFilter", "a"), "spec.chart.versionFilter", "set spec.chart.version"),
    "filter that is none": (
        at("chart", {"url": "oci://h/c", "version": "*", "versionFilter": "(a"}),
        "spec.chart.versionFilter",
        "must be a regular expression in RE2's syntax",
    ),
    "chart interval": (at("chart.interval", "often"), "spec.chart.interval", DURATION),
    "chart interval too short": (at("chart.interval", "9s"), "spec.chart.interval", "must be 10s or longer"),
    "secretRef without a name": (at("chart.secretRef", {}), "spec.chart.secretRef.name", "Required value"),
    "secretRef": (at("chart.secretRef", {"name": "A b"}), "spec.chart.secretRef.name", NAME_RULE),
    "insecure": (at("chart.insecure", "no"), "spec.chart.insecure", "boolean"),
}

STABLE = {"url": "https://charts.example/stable"}

ACCEPTED_REPOSITORIES = {
    "the least": STABLE,
    "all fields": {
        **STABLE,
        **TERMS,
        "provider": "generic",
        "insecure": False,
        "interval": "1m",
        "timeout": "10s",
        "suspend": True,
    },
    "a registry": {"url": "oci://registry.example:5000"},
    "a path of a registry, in a cloud": {"url": "oci://registry.example/a/b", "provider": "azure", "verify": KEYLESS},
    "plain HTTP": {"url": "http://127.0.0.1:8080/a/", "insecure": True},
}

REFUSED_REPOSITORIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no url": ({}, "spec.url", "Required value"),
    "a file": ({"url": "file:///charts"}, "spec.url", "must be https://host/path"),
    "a password": ({"url": "https://u:p@h"}, "spec.url", "credentials belong into a Secret"),
    "a tag": ({"url": "oci://h/c:1"}, "spec.url", "oci://registry.example/path"),
    "plain HTTP": ({"url": "http://h"}, "spec.insecure", "or set spec.insecure"),
    "insecure TLS": ({**STABLE, "insecure": True}, "spec.insecure", "remove spec.insecure"),
    "insecure": ({**STABLE, "insecure": 1}, "spec.insecure", "boolean"),
    "a cloud's HTTP repository": ({**STABLE, "provider": "aws"}, "spec.provider", "set spec.secretRef"),
    "a cloud and a Secret": (
        {"url": "oci://h", "provider": "aws", "secretRef": {"name": "r"}},
        "spec.provider",
        "remove one",
    ),
    "cosign by HTTP": ({**STABLE, "verify": KEYLESS}, "spec.verify", "set it to provenance"),
    "verify by nobody": ({"url": "oci://h", "verify": {"provider": "cosign"}}, "spec.verify", "must say who signs"),
    "secretRef": ({**STABLE, "secretRef": {"name": "A"}}, "spec.secretRef.name", NAME_RULE),
    "certSecretRef": ({**STABLE, "certSecretRef": {"name": "A"}}, "spec.certSecretRef.name", NAME_RULE),
    "proxySecretRef": ({**STABLE, "proxySecretRef": {"name": "A"}}, "spec.proxySecretRef.name", NAME_RULE),
    "service account": ({**STABLE, "serviceAccountName": "A"}, "spec.serviceAccountName", NAME_RULE),
    "TLS version": ({**STABLE, "minTLSVersion": "1"}, "spec.minTLSVersion", '"1.2", "1.3"'),
    "passCredentials": ({**STABLE, "passCredentials": "no"}, "spec.passCredentials", "boolean"),
    "passCredentials of a registry": (
        {"url": "oci://h", "passCredentials": True},
        "spec.passCredentials",
        "remove spec.passCredentials",
    ),
    "interval": ({**STABLE, "interval": "1s"}, "spec.interval", "must be 10s or longer"),
    "timeout": ({**STABLE, "timeout": "soon"}, "spec.timeout", DURATION),
    "suspend": ({**STABLE, "suspend": "no"}, "spec.suspend", "boolean"),
    "a field of Flux": ({**STABLE, "type": "oci"}, "spec.type", "field not declared in schema"),
}
