"""Where charts come from, with the real operator: archives, repositories, ChartRepositories; credentials, TLS and
signatures that are missing, wrong and put right; sources that go away.

The repository is a web server of a folder that the real Helm made; the registry is the real one.
"""

import base64
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from integration.attached import Attached
from integration.operating import Bench, Object, PushedChart, ReleaseHandle, conditions
from integration.repositories import serving_folder, with_password
from operators.process import NAMESPACE
from registry.scripted import Reply, Request, ScriptedServer, sha256
from registry.signatures.gnupg_keys import make_key
from registry.signatures.signing import pem, simple
from testenv.audit import Audit
from testenv.registry import serve_registry

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  version: {{ .Chart.Version }}
"""
LOGIN = {"username": "me", "password": "word"}
AUTHORIZATION = "Basic " + base64.b64encode(b"me:word").decode()


@dataclass
class Site:
    """An HTTP repository, by TLS or without, that answers conditional requests."""

    server: ScriptedServer
    folder: Path
    scheme: str = "http"
    down: bool = field(default=False)

    def __post_init__(self) -> None:
        files = self.server.script

        def answer(request: Request) -> Reply:
            if self.down:
                return Reply(503)
            reply = files(request)
            tag = f'"{sha256(reply.body)}"'
            if reply.status == 200 and request.headers.get("If-None-Match") == tag:
                return Reply(304)
            return Reply(reply.status, reply.body, {"ETag": tag})

        self.server.script = answer

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.server.host}"

    def chart(self, name: str = "web", version: str = "1.x", **more: object) -> Object:
        """`spec.chart` that names the repository by URL."""
        terms = {"insecure": True} if self.scheme == "http" else {}
        return {"repository": {"url": self.url}, "name": name, "version": version, **terms, **more}

    def asked(self, part: str) -> int:
        """How often a path with this in it was asked for."""
        return sum(part in path for path in self.server.paths())


def make_chart(bench: Bench, version: str, name: str = "web") -> Path:
    """A packaged chart."""
    source = bench.folder / f"source-{name}-{version}" / name
    (source / "templates").mkdir(parents=True, exist_ok=True)
    (source / "templates" / "data.yaml").write_text(TEMPLATE)
    (source / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": name, "version": version}))
    bench.helm("package", str(source), "--destination", str(source.parent))
    return source.parent / f"{name}-{version}.tgz"


def add(bench: Bench, site: Site, version: str, name: str = "web") -> Path:
    """Put a version of a chart into the repository, and index it with Helm."""
    package = Path(shutil.copy(make_chart(bench, version, name), site.folder))
    bench.helm("repo", "index", str(site.folder))
    return package


@pytest.fixture
def site(bench: Bench, tmp_path: Path) -> Iterator[Site]:
    """A repository with chart web 1.0.0."""
    with serving_folder(tmp_path) as server:
        made = Site(server, tmp_path)
        add(bench, made, "1.0.0")
        yield made


@pytest.fixture
def secure_site(bench: Bench, tmp_path: Path) -> Iterator[Site]:
    """The same by TLS, with a certificate of the instance's own authority."""
    layout = bench.instance.layout
    with serving_folder(tmp_path, (layout.tls_cert, layout.tls_key)) as server:
        made = Site(server, tmp_path, "https")
        add(bench, made, "1.0.0")
        yield made


def installed(release: ReleaseHandle) -> str:
    """The chart's version that the cluster has."""
    found = release.bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/{release.name}")
    assert found is not None
    version: str = found["data"]["version"]
    return version


# --- archives and repositories by URL --------------------------------------------------------------------------------


def test_an_archive_by_tls(bench: Bench, release: ReleaseHandle, secure_site: Site) -> None:
    url = f"{secure_site.url}/web-1.0.0.tgz"
    release.apply({"url": url})
    told = release.wait_condition("Ready", "False", "SourceNotReady")
    assert "certSecretRef" in told["message"], told["message"]
    bench.secret(release.namespace, "tls", **{"ca.crt": bench.instance.ca_file.read_text()})
    release.apply({"url": url, "certSecretRef": {"name": "tls"}})
    source = release.wait_ready(1)["source"]
    digest = sha256((secure_site.folder / "web-1.0.0.tgz").read_bytes())
    assert (source["url"], source["version"], source["digest"]) == (url, "1.0.0", digest)
    assert installed(release) == "1.0.0"


def test_an_archive_other_than_the_pinned_one_is_refused(release: ReleaseHandle, site: Site) -> None:
    wrong = "sha256:" + "0" * 64
    release.apply({"url": f"{site.url}/web-1.0.0.tgz", "insecure": True, "digest": wrong})
    message = release.wait_condition("Stalled", "True", "DigestMismatch")["message"]
    assert wrong in message
    assert sha256((site.folder / "web-1.0.0.tgz").read_bytes()) in message
    assert release.status().get("release") is None


def test_a_repository_by_url_and_a_pinned_digest_of_it(bench: Bench, release: ReleaseHandle, site: Site) -> None:
    release.apply(site.chart())
    source = release.wait_ready(1)["source"]
    assert (source["url"], source["version"]) == (f"{site.url}/web-1.0.0.tgz", "1.0.0")
    second = sha256(add(bench, site, "1.1.0").read_bytes())
    pinned = {"repository": {"url": site.url}, "name": "web", "digest": second, "insecure": True}
    release.apply(pinned)
    assert release.wait_ready(2)["source"]["url"] == f"{site.url}/web-1.1.0.tgz"
    assert installed(release) == "1.1.0"


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        pytest.param({"name": "nothing"}, "chart nothing is not in its index.yaml", id="no such chart"),
        pytest.param({"version": "7.x"}, "matches version 7.x; newest versions: 1.0.0", id="no such version"),
    ],
)
def test_what_the_index_does_not_have(
    bench: Bench, release: ReleaseHandle, site: Site, chart: Object, message: str
) -> None:
    release.apply(site.chart(**chart))
    assert message in release.wait_condition("Ready", "False", "SourceNotReady")["message"]


# --- ChartRepositories ------------------------------------------------------------------------------------------------


def test_a_repository_that_is_missing_then_made(bench: Bench, release: ReleaseHandle, site: Site) -> None:
    repository = bench.repository(release.namespace, "stable")
    release.apply({"repository": repository.chart, "name": "web", "version": "1.x"})
    message = release.wait_condition("Ready", "False", "SourceNotReady")["message"]
    assert message.startswith(
        f"ChartRepository {release.namespace}/stable, which spec.chart.repository.ref names, does"
    )
    repository.apply(url=site.url, insecure=True)
    assert repository.wait("True", "1 chart in the index")["charts"] == 1
    source = release.wait_ready(1, patience=15)["source"]
    assert (source["repository"], source["version"]) == ("stable", "1.0.0")


def test_many_releases_ask_a_repository_once(bench: Bench, site: Site) -> None:
    namespace = bench.namespace("many")
    for number in range(8):
        add(bench, site, "1.0.0", f"chart-{number}")
    repository = bench.repository(namespace, "stable").apply(url=site.url, insecure=True)
    repository.wait("True", "9 charts in the index")
    releases = [bench.release(namespace, f"probe-{number}") for number in range(8)]
    for number, release in enumerate(releases):
        release.apply({"repository": repository.chart, "name": f"chart-{number}", "version": "1.x"})
    for release in releases:
        release.wait_ready(1)
    assert site.asked("index.yaml") == 1


def test_at_rest_a_repository_costs_one_conditional_request_an_interval(
    bench: Bench, release: ReleaseHandle, site: Site
) -> None:
    repository = bench.repository(release.namespace, "stable").apply(url=site.url, insecure=True, interval="10s")
    for number in range(3):
        bench.release(release.namespace, f"probe-{number}").apply(
            {"repository": repository.chart, "name": "web", "version": "1.x"}
        ).wait_ready(1)
    time.sleep(2)
    audit = Audit(bench.instance.audit_log, bench.instance.api)
    mark, asked, before = audit.mark(), len(site.server.requests), repository.status()
    time.sleep(25)
    requests = site.server.requests[asked:]
    assert 2 <= len(requests) <= 3
    assert all(request.headers.get("If-None-Match") for request in requests)
    user = f"system:serviceaccount:{NAMESPACE}:steersman"
    ours = [each for each in audit.since(mark) if each.user == user and each.namespace == release.namespace]
    assert ours == []
    assert repository.status() == before


def test_a_new_version_reaches_the_releases_when_the_repository_sees_it(
    bench: Bench, release: ReleaseHandle, site: Site
) -> None:
    repository = bench.repository(release.namespace, "stable").apply(url=site.url, insecure=True, interval="10s")
    release.apply({"repository": repository.chart, "name": "web", "version": "1.x", "interval": "1h"})
    release.wait_ready(1)
    before = repository.status()
    add(bench, site, "1.2.0")
    assert release.wait_ready(2)["source"]["version"] == "1.2.0"
    assert repository.status()["digest"] != before["digest"]


def test_credentials_missing_wrong_and_right(bench: Bench, release: ReleaseHandle, site: Site) -> None:
    with_password(site.server, AUTHORIZATION)
    repository = bench.repository(release.namespace, "private")
    repository.apply(url=site.url, insecure=True, secretRef={"name": "login"}, interval="10m")
    release.apply({"repository": repository.chart, "name": "web", "version": "1.x"})
    missing = f"Secret {release.namespace}/login, which spec.secretRef names, does not exist. Create it"
    repository.wait("False", missing)
    assert missing in release.wait_condition("Ready", "False", "SourceNotReady")["message"]
    bench.secret(release.namespace, "login", **{**LOGIN, "password": "wrong"})
    repository.wait("False", "access denied")
    refused = f"Check the credentials of Secret {release.namespace}/login"
    release.wait("the root cause", lambda obj: refused in conditions(obj["status"])["Ready"]["message"])
    assert f"ChartRepository {release.namespace}/private: " in conditions(release.status())["Ready"]["message"]
    bench.secret(release.namespace, "login", **LOGIN)
    repository.wait("True")
    release.wait_ready(1, patience=15)
    assert "word" not in bench.operator.tail(2000).replace("password", "")


def test_a_registry_as_a_repository(bench: Bench, release: ReleaseHandle) -> None:
    pushed = bench.push(make_chart(bench, "2.0.0", "oci-web"))
    host = bench.instance.registry
    repository = bench.repository(release.namespace, "oci").apply(url=f"oci://{host}/charts", insecure=True)
    status = repository.wait("True", "the registry answers")
    assert "charts" not in status
    release.apply({"repository": repository.chart, "name": "oci-web", "version": "2.x"})
    source = release.wait_ready(1)["source"]
    assert (source["url"], source["digest"]) == (pushed.url, pushed.digest)


def test_a_registry_with_passwords_by_tls(bench: Bench, release: ReleaseHandle, tmp_path: Path) -> None:
    layout, passwords = bench.instance.layout, tmp_path / "passwords"
    passwords.write_text(f"me:{bcrypt.hashpw(b'word', bcrypt.gensalt(4)).decode()}\n")
    settings = {
        "auth": {"htpasswd": {"realm": "test", "path": str(passwords)}},
        "http": {"tls": {"certificate": str(layout.tls_cert), "key": str(layout.tls_key)}},
    }
    with serve_registry(tmp_path, settings) as registry:
        ca = str(bench.instance.ca_file)
        bench.helm("registry", "login", registry.host, "-u", "me", "-p", "word", "--ca-file", ca)
        package = make_chart(bench, "4.0.0", "private")
        bench.helm("push", str(package), f"oci://{registry.host}/charts", "--ca-file", ca)
        bench.secret(release.namespace, "tls", **{"ca.crt": bench.instance.ca_file.read_text()})
        bench.secret(release.namespace, "login", **{**LOGIN, "password": "wrong"})
        repository = bench.repository(release.namespace, "private").apply(
            url=f"oci://{registry.host}/charts", certSecretRef={"name": "tls"}, secretRef={"name": "login"}
        )
        repository.wait("False", "access denied")
        release.apply({"repository": repository.chart, "name": "private", "version": "4.x"})
        assert "access denied" in release.wait_condition("Ready", "False", "SourceNotReady")["message"]
        bench.secret(release.namespace, "login", **LOGIN)
        repository.wait("True", "the registry answers")
        assert release.wait_ready(1, patience=15)["source"]["version"] == "4.0.0"


def test_a_place_that_is_no_registry(bench: Bench, site: Site) -> None:
    namespace = bench.namespace("nowhere")
    repository = bench.repository(namespace, "none").apply(url=f"oci://{site.server.host}", insecure=True)
    repository.wait("False", "it has no registry API")


def test_a_suspended_repository_is_asked_nothing(bench: Bench, release: ReleaseHandle, site: Site) -> None:
    repository = bench.repository(release.namespace, "stable").apply(url=site.url, insecure=True, suspend=True)
    repository.wait("Unknown", "spec.suspend is true")
    release.apply({"repository": repository.chart, "name": "web", "version": "1.x"})
    assert "is suspended" in release.wait_condition("Ready", "False", "SourceNotReady")["message"]
    assert site.server.requests == []
    repository.apply(url=site.url, insecure=True)
    release.wait_ready(1, patience=15)
    repository.apply(url=site.url, insecure=True, suspend=True)
    assert repository.wait("Unknown", "spec.suspend is true")["charts"] == 1
    release.wait_ready(1)


def test_pull_secrets_of_a_service_account(bench: Bench, release: ReleaseHandle, site: Site) -> None:
    with_password(site.server, AUTHORIZATION)
    auths = {site.server.host: {"username": "me", "password": "word"}}
    bench.secret(release.namespace, "pull", **{".dockerconfigjson": json.dumps({"auths": auths})})
    release.apply(site.chart(serviceAccountName="puller"))
    missing = f"ServiceAccount {release.namespace}/puller, which spec.chart.serviceAccountName names, does not exist"
    assert missing in release.wait_condition("Ready", "False", "SourceNotReady")["message"]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "puller"}}
    bench.kubectl.apply(account | {"imagePullSecrets": [{"name": "pull"}]}, namespace=release.namespace)
    release.wait_ready(1, patience=15)


# --- a source that goes away ------------------------------------------------------------------------------------------


def test_a_healthy_release_stays_ready_while_its_source_is_away(
    bench: Bench, release: ReleaseHandle, site: Site
) -> None:
    release.apply(site.chart(interval="10s"))
    release.wait_ready(1)
    site.down = True
    told = release.wait_condition("SourceReady", "False", "SourceNotReady")
    assert "503" in told["message"]
    ready = conditions(release.status())["Ready"]
    assert ready["status"] == "True"
    assert "Its source is not ready" in ready["message"]
    release.wait_event("SourceNotReady", "503")
    release.apply(site.chart(interval="10s", version="1"))
    release.wait_condition("Ready", "False", "SourceNotReady")
    site.down = False
    release.annotate(reconcile_at="1")
    release.wait_ready(1)
    assert "SourceReady" not in conditions(release.status())


def test_what_fails_at_a_source_is_in_the_log_once(bench: Bench, site: Site) -> None:
    namespace = bench.namespace("logged")
    with_password(site.server, AUTHORIZATION)
    bench.secret(namespace, "login", **{**LOGIN, "password": "wrong-one"})
    bench.repository(namespace, "private").apply(url=site.url, insecure=True, secretRef={"name": "login"})
    dead = {"url": "oci://127.0.0.1:1/charts/web", "version": "1.x", "insecure": True}
    unsigned = bench.push(make_chart(bench, "3.0.0", "unlogged"))
    bench.secret(namespace, "keys", **{"release.pub": pem(KEY).decode()})
    verify = {"verify": {"provider": "cosign", "secretRef": {"name": "keys"}}}
    charts = {
        "dead": (dead, "SourceNotReady"),
        "refused": (site.chart(secretRef={"name": "login"}), "SourceNotReady"),
        "unsigned": (unsigned.by_version("3.x") | verify, "VerificationFailed"),
    }
    releases = [bench.release(namespace, name).apply(chart) for name, (chart, _) in charts.items()]
    for release in releases:
        release.wait_condition("Ready", "False", charts[release.name][1])
        release.annotate(reconcile_at="1")
    time.sleep(12)  # longer than the first pause: each was tried again
    log = bench.operator.log.read_text()
    lines = [line for line in map(json.loads, log.splitlines()) if line["level"] == "WARNING"]
    told = [(line.get("release") or line.get("repository"), line["reason"]) for line in lines if "reason" in line]
    ours = sorted(each for each in told if str(each[0]).startswith(f"{namespace}/"))
    expected = [(f"{namespace}/{name}", reason) for name, (_, reason) in charts.items()]
    assert ours == sorted([*expected, (f"{namespace}/private", "SourceNotReady")])
    assert "wrong-one" not in log


# --- signatures -------------------------------------------------------------------------------------------------------

KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())


def sign(pushed: PushedChart, key: ec.EllipticCurvePrivateKey) -> None:
    """As cosign."""
    Attached(pushed.url, pushed.digest).sign(simple(key, pushed.digest))


def test_a_chart_must_be_signed_by_the_key(bench: Bench, release: ReleaseHandle) -> None:
    signed = bench.push(make_chart(bench, "3.0.0", "signed"))
    sign(signed, KEY)
    bench.secret(release.namespace, "keys", **{"release.pub": pem(KEY).decode()})
    verify = {"verify": {"provider": "cosign", "secretRef": {"name": "keys"}}}
    release.apply(signed.by_digest() | verify)
    source = release.wait_ready(1)["source"]
    assert source["verified"].startswith("cosign key release.pub")
    forged = bench.push(make_chart(bench, "3.1.0", "signed"))
    sign(forged, STRANGER)
    release.apply(forged.by_digest() | verify)
    release.wait_condition("Ready", "False", "VerificationFailed")
    status = release.status()
    assert (status["release"]["revision"], status["source"]["digest"]) == (1, signed.digest)
    assert installed(release) == "3.0.0"
    bench.secret(release.namespace, "keys", **{"release.pub": pem(STRANGER).decode()})
    assert release.wait_ready(2, patience=15)["source"]["digest"] == forged.digest


def test_an_unsigned_chart_is_never_applied(bench: Bench, release: ReleaseHandle) -> None:
    unsigned = bench.push(make_chart(bench, "3.0.0", "unsigned"))
    bench.secret(release.namespace, "keys", **{"release.pub": pem(KEY).decode()})
    repository = bench.repository(release.namespace, "signed")
    repository.apply(
        url=unsigned.url.rpartition("/")[0],
        insecure=True,
        verify={"provider": "cosign", "secretRef": {"name": "keys"}},
    )
    release.apply({"repository": repository.chart, "name": "unsigned", "version": "3.x"})
    release.wait_condition("Ready", "False", "VerificationFailed")
    assert release.bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/{release.name}") is None
    sign(unsigned, KEY)
    release.annotate(reset_at="1")
    assert "release.pub" in release.wait_ready(1)["source"]["verified"]


def test_helms_provenance_beside_an_archive(bench: Bench, release: ReleaseHandle, site: Site) -> None:
    key = make_key("Packager <packager@example.com>")
    keyring = site.folder / "secring.gpg"
    keyring.write_bytes(key.secret)
    source = make_chart(bench, "1.5.0").parent / "web"
    verify = {"verify": {"provider": "provenance", "secretRef": {"name": "keyring"}}}
    bench.secret(release.namespace, "keyring", **{"packager.asc": key.armored.decode()})
    release.apply(site.chart(version="1.0.0", **verify))
    release.wait_condition("Ready", "False", "VerificationFailed")
    signing = ("--sign", "--key", key.user, "--keyring", str(keyring))
    bench.helm("package", *signing, str(source), "--destination", str(site.folder))
    bench.helm("repo", "index", str(site.folder))
    release.apply(site.chart(version="1.5.x", **verify))
    source_status = release.wait_ready(1)["source"]
    assert source_status["verified"] == f"provenance by {key.user} ({key.fingerprint[-16:]})"
    assert installed(release) == "1.5.0"


def test_what_kubectl_shows_of_a_repository(bench: Bench, site: Site) -> None:
    namespace = bench.namespace("columns")
    bench.repository(namespace, "stable").apply(url=site.url, insecure=True).wait("True")
    head, row = bench.kubectl("get", "crepo", "-n", namespace).stdout.splitlines()
    assert head.split() == ["NAME", "READY", "URL", "CHARTS", "AGE", "STATUS"]
    name, ready, url, charts, _, status = row.split(maxsplit=5)
    assert (name, ready, url, charts, status.strip()) == ("stable", "True", site.url, "1", "1 chart in the index")
