"""What can go wrong between a chart's URL and its bytes, as the user and the caller need to know it.

    SourceError
    ├── InvalidReference      a chart.url that names no chart
    ├── RegistryNotAllowed    a host that the administrator does not let users name
    ├── AddressNotAllowed     a name that leads to this machine or its link
    ├── InvalidCredentials    a Secret that holds no usable credentials
    ├── AccessDenied          401 or 403 from the registry or its token service
    ├── IdentityFailed        a workload identity that gives no credentials
    │   └── IdentityUnavailable   worth another try
    ├── TagNotFound           the repository has no such tag
    ├── ChartNotFound         the registry has no such repository, manifest or blob
    ├── NoMatchingVersion     versions exist, but none satisfies the range and the filter
    ├── UnreadableIndex       an index.yaml that is none, or takes too much to read
    ├── NotAChart             something is there, but its media types are not those of a Helm chart
    ├── DigestMismatch        bytes other than the pinned ones
    ├── VerificationFailed    bytes that are the pinned ones, but not signed as they must be
    │   └── SignatureAbsent   nobody signed them (yet)
    ├── InvalidVerification   a `verify` block that demands nothing, or no pattern
    ├── InvalidTrust          a Secret without usable keys, keyring or trusted root
    ├── TooLarge              more bytes than this operator takes
    ├── UnexpectedAnswer      an answer that no registry gives: a bad status, a bad redirect, unreadable JSON
    └── RegistryUnavailable   worth another try: no connection, a timeout, 429, 5xx, an open circuit

`retryable` are those that a change in the registry or in a Secret can cure; only RegistryUnavailable is tried again at
once. Messages name the place as `host/repository`, never a full URL: a query string may hold a signature.
"""

from __future__ import annotations

from enum import Enum

from steersman.core.chart.versions import parsed_version
from steersman.errors import SourceError

REGISTRY = "registry"
REPOSITORY = "repository"
"""What the other side of an `oci://` and of an `http(s)://` URL is."""

_MOST_TOLD = 500


class InvalidReference(SourceError):
    """`chart.url` cannot be read as the address of a chart."""

    reason = "InvalidSpec"

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"chart URL {url!r} {problem}", hint="write it as oci://host/path/chart or https://…/chart.tgz"
        )
        self.url = url
        self.problem = problem


class RegistryNotAllowed(SourceError):
    """The administrator's `--allowed-registries` does not hold this place."""

    reason = "InvalidSpec"

    def __init__(self, place: str, allowed: tuple[str, ...]) -> None:
        super().__init__(
            f"{place}: this operator takes charts from {', '.join(allowed)} only",
            hint="push the chart there, or have the administrator add the registry to --allowed-registries",
        )
        self.place = place
        self.allowed = allowed


class AddressNotAllowed(SourceError):
    """A name, or a redirect, leads to an address of the operator's own machine or link."""

    retryable = True

    def __init__(self, place: str, address: str) -> None:
        super().__init__(
            f"{place}: the address {address} is not connected to: it is of the operator's own machine or network link",
            hint="name a registry by an address of its own; if this one is meant, the administrator allows it with "
            "--allow-local-registries",
        )
        self.place = place
        self.address = address


class InvalidCredentials(SourceError):
    """A Secret was found, but no credentials could be read from it. The message never quotes its data."""

    retryable = True

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(f"unusable registry credentials: {problem}", hint=hint)
        self.problem = problem


class AccessDenied(SourceError):
    """The registry (or its token service) or the repository refused us. `only_for` is the host of the credentials,
    where that is another one, which therefore did not get them."""

    retryable = True

    def __init__(
        self,
        place: str,
        problem: str,
        *,
        status: int,
        anonymous: bool,
        noun: str = REGISTRY,
        only_for: str = "",
        hint: str = "",
    ) -> None:
        advice = (
            "no credentials were given: name a Secret in spec.chart.secretRef, a ServiceAccount, or a cloud as provider"
            if anonymous
            else "check the credentials that spec.chart.secretRef, serviceAccountName or provider gives, and their "
            "rights on this repository"
        )
        if only_for:
            advice = (
                f"the credentials are those of {only_for} and go nowhere else, unless the repository says to pass them "
                "on (passCredentials)"
            )
        super().__init__(f"{place}: access denied: {problem}", hint=hint or advice)
        self.place = place
        self.problem = problem
        self.noun = noun
        self.only_for = only_for
        self.status = status
        self.anonymous = anonymous

    def with_hint(self, hint: str) -> AccessDenied:
        """The same for one of several who asked together, who knows more of the credentials."""
        return AccessDenied(
            self.place, self.problem, status=self.status, anonymous=self.anonymous, noun=self.noun, hint=hint
        )


class IdentityFailed(SourceError):
    """A workload identity gave no credentials: `step` is the exchange that failed. Messages show no tokens."""

    retryable = True

    def __init__(self, provider: str, step: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"no credentials from {provider}: {step}: {problem}", hint=hint)
        self.provider = provider
        self.step = step
        self.problem = problem


class IdentityUnavailable(IdentityFailed):
    """A cloud's endpoint could not answer now."""

    transient = True


class TagNotFound(SourceError):
    """The exact version asked for is no tag of the repository."""

    retryable = True

    def __init__(self, place: str, tag: str) -> None:
        super().__init__(
            f"{place}: no tag {tag}",
            hint="push that version, or correct spec.chart.version; or the repository in spec.chart.url does not exist",
        )
        self.place = place
        self.tag = tag


class ChartNotFound(SourceError):
    """The registry answered that it has no such repository, manifest or blob."""

    retryable = True

    def __init__(self, place: str, what: str, *, hint: str = "") -> None:
        field = "spec.chart.url" if what.startswith("the repository") else "spec.chart.url and spec.chart.digest"
        super().__init__(
            f"{place}: {what} was not found",
            hint=hint or f"check {field}; a registry may also hide what the credentials may not see",
        )
        self.place = place
        self.what = what


class ChartNotListed(ChartNotFound):
    """The index of an HTTP repository has no chart of this name."""

    def __init__(self, place: str, name: str, *, has: str) -> None:
        super().__init__(place, f"chart {name}", hint=f"correct spec.chart.name, or push the chart: {has}")
        self.message = f"{place}: chart {name} is not in its index.yaml"


class NoMatchingVersion(SourceError):
    """No tag, or no version of an index, satisfies the range and the filter. `newest` shows what there is."""

    retryable = True

    def __init__(
        self, place: str, version: str, version_filter: str, newest: tuple[str, ...], *, noun: str = "tag"
    ) -> None:
        asked = f"version {version}" if version else "a stable version"
        if version_filter:
            asked += f" and filter {version_filter}"
        shown = ", ".join(newest) if newest else "none that is a version"
        hint = "push such a version, or correct spec.chart.version"
        if parsed_version(version) is None:  # no range has to be told of pre-releases that one version names or not
            hint += "; pre-releases match only ranges that name one, as in >=1.0.0-0"
        super().__init__(f"{place}: no {noun} matches {asked}; newest {noun}s: {shown}", hint=hint)
        self.place = place
        self.version = version
        self.version_filter = version_filter
        self.newest = newest


class WrongVersion(NoMatchingVersion):
    """The archive at a URL is of a version that the range or the filter excludes."""

    def __init__(self, place: str, version: str, version_filter: str, found: str) -> None:
        super().__init__(place, version, version_filter, (found,), noun="version")
        asked = [f"spec.chart.version {version}"] if version else []
        asked += [f"spec.chart.versionFilter {version_filter}"] if version_filter else []
        verb = "excludes" if len(asked) == 1 else "exclude"
        self.message = f"{place}: the archive is version {found or 'unknown'}, which {' and '.join(asked)} {verb}"
        self.hint = "correct spec.chart.version, or name the archive of another version in spec.chart.url"


class UnreadableIndex(SourceError):
    """What a repository serves as index.yaml cannot be used. The problem is in Helm's words where Helm has some; where
    it is no index at all, `begins` is how it begins, which says more."""

    reason = "ChartInvalid"
    retryable = True

    def __init__(self, place: str, problem: str, *, hint: str = "", begins: str = "") -> None:
        if len(problem) > _MOST_TOLD:  # it quotes the index, whose texts may have any length
            problem = f"{problem[:_MOST_TOLD]}…"
        said = f"is no index: it begins with {begins}" if begins else f"cannot be used: {problem}"
        super().__init__(
            f"{place}: its index.yaml {said}",
            hint=hint or "check that the URL is that of a chart repository; `helm repo index` makes its index anew",
        )
        self.place = place
        self.problem = problem


class NotAChart(SourceError):
    """The manifest, or what lies at a URL, is none of a Helm chart; `media_types` are those that were found."""

    reason = "ChartInvalid"

    def __init__(self, place: str, problem: str, media_types: tuple[str, ...] = (), *, hint: str = "") -> None:
        found = f" (media types: {', '.join(media_types)})" if media_types else ""
        super().__init__(
            f"{place}: not a Helm chart: {problem}{found}",
            hint=hint or "push the chart with `helm push` and set the digest that it prints",
        )
        self.place = place
        self.problem = problem
        self.media_types = media_types


class DigestMismatch(SourceError):
    """Bytes other than the pinned ones. Nothing of them was parsed or kept."""

    reason = "DigestMismatch"

    def __init__(self, place: str, what: str, *, wanted: str, got: str, hint: str = "") -> None:
        super().__init__(
            f"{place}: {what} is {got}, wanted {wanted}",
            hint=hint or "the registry or something before it served other content; nothing of it was used",
        )
        self.place = place
        self.what = what
        self.wanted = wanted
        self.got = got


class VerificationFailed(SourceError):
    """The chart is not signed as it must be. `problems` are what spoke against each signature that was found."""

    reason = "VerificationFailed"

    def __init__(self, place: str, problem: str, *, problems: tuple[str, ...] = (), hint: str = "") -> None:
        found = f": {'; '.join(problems)}" if problems else ""
        super().__init__(f"{place}: {problem}{found}", hint=hint)
        self.place = place
        self.problem = problem
        self.problems = problems


class SignatureAbsent(VerificationFailed):
    """Nobody signed the chart. It is asked for again: charts are pushed first and signed next."""

    retryable = True


class InvalidVerification(SourceError):
    """`spec.chart.verify` cannot be what was meant."""

    reason = "InvalidSpec"


class InvalidTrust(SourceError):
    """A Secret was found, but not what signatures could be held against."""

    retryable = True


class TooLarge(SourceError):
    """An answer beyond the byte cap."""

    reason = "ChartInvalid"

    def __init__(self, place: str, what: str, *, limit: int, hint: str = "") -> None:
        advice = "make the chart smaller" if what.startswith("the chart") else "check that the URL is that of a chart"
        super().__init__(f"{place}: {what} is larger than {limit} bytes", hint=hint or advice)
        self.place = place
        self.what = what
        self.limit = limit


class UnexpectedAnswer(SourceError):
    """The answer is none that the distribution specification knows, and asking again would not change that."""

    retryable = True

    def __init__(self, place: str, problem: str, *, hint: str = "") -> None:
        super().__init__(
            f"{place}: unexpected answer: {problem}",
            hint=hint or "check that the URL is that of a registry or of a chart repository",
        )
        self.place = place
        self.problem = problem


class TlsProblem(Enum):
    """Why TLS failed, where that says what to do."""

    UNTRUSTED = "no authority that is trusted here signed its certificate"
    PLAIN_HTTP = "it seems to speak plain HTTP"
    OLD_VERSION = "it speaks only older versions of TLS"
    OTHER = ""


_TLS_HINTS = {
    TlsProblem.UNTRUSTED: "name the authority that signed its certificate: ca.crt in the Secret of certSecretRef, or "
    "SSL_CERT_FILE for the whole operator",
    TlsProblem.OLD_VERSION: "it speaks only older versions of TLS than are asked for: have it offer TLS 1.3, or "
    "TLS 1.2 where no newer one is asked for",
    TlsProblem.PLAIN_HTTP: "it seems to speak plain HTTP, which `spec.chart.insecure: true` allows",
}
_PLAIN_REPOSITORY = (
    "it seems to speak plain HTTP: write http:// in place of https://, and set `spec.chart.insecure: true`"
)


_PROXY_HINT = (
    "check address, username and password in the Secret of proxySecretRef, or the proxy variables of the environment"
)


class RegistryUnavailable(SourceError):
    """The registry, or as `noun` says, the repository, could not answer now. `retry_after` are the seconds it (or our
    circuit) asks to wait, if known; `proxy` says that it is the proxy before it that failed."""

    retryable = True
    transient = True

    def __init__(
        self,
        place: str,
        problem: str,
        *,
        retry_after: float | None = None,
        tls: TlsProblem = TlsProblem.OTHER,
        proxy: bool = False,
        noun: str = REGISTRY,
    ) -> None:
        hint = _TLS_HINTS.get(
            tls, f"see whether the {noun} is up and can be reached from the operator; it is tried again by itself"
        )
        if noun == REPOSITORY and tls is TlsProblem.PLAIN_HTTP:
            hint = _PLAIN_REPOSITORY
        if proxy:
            hint = _PROXY_HINT
        super().__init__(f"{place}: {noun} unavailable: {problem}", hint=hint)
        self.place = place
        self.problem = problem
        self.retry_after = retry_after
        self.tls = tls
        self.proxy = proxy
        self.noun = noun


class CircuitOpen(RegistryUnavailable):
    """Nobody was asked: the host failed again and again, a moment ago."""
