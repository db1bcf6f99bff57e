"""`steersman registry login` and `logout`: what is checked, what is kept, and what stays as it is."""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli.support import Command, Outcome
from registry.scripted import Reply, Request, ScriptedServer, serve
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

from steersman.cli.logins import Logins
from steersman.cli.main import run
from steersman.registry.auth import Credential

BASIC = "Basic " + base64.b64encode(b"me:secret").decode()
WARNING = 'level=WARN msg="using --password via the CLI is insecure. Use --password-stdin"\n'


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A registry that wants a password."""
    with serve() as scripted:
        wants(scripted, BASIC)
        yield scripted


def wants(server: ScriptedServer, authorization: str) -> None:
    refusal = Reply(401, headers={"WWW-Authenticate": 'Basic realm="test"'})
    server.script = lambda request: Reply(200) if request.authorization == authorization else refusal


@pytest.fixture
def registry(capfd: pytest.CaptureFixture[str]) -> Command:
    """`steersman registry` with these arguments."""

    def command(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(["registry", *arguments])
        shown = capfd.readouterr()
        return Outcome(code, shown.out, shown.err)

    return command


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the next command this text on standard input."""

    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return give


@pytest.fixture
def config(home: Path) -> Path:
    return home / ".config" / "helm" / "registry" / "config.json"


def helper(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch, name: str = "test") -> Path:
    """A credential program that writes what it was asked into a file."""
    log = folder / "asked"
    program = folder / f"docker-credential-{name}"
    program.write_text(f'#!/bin/sh\necho "$1 $(cat)" >> {log}\n{script}\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log


def test_a_login_is_checked_and_kept_as_helm_keeps_it(server: ScriptedServer, registry: Command, config: Path) -> None:
    outcome = registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret")
    assert outcome == Outcome(0, "Login Succeeded\n", WARNING)
    assert [request.authorization for request in server.requests] == ["", BASIC]
    assert server.paths() == ["GET /v2/"] * 2
    assert config.read_text() == (
        f'{{\n\t"auths": {{\n\t\t"{server.host}": {{\n\t\t\t"auth": "{BASIC.removeprefix("Basic ")}"\n\t\t}}\n\t}}\n}}'
    )
    assert (config.stat().st_mode & 0o777, config.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_password_on_standard_input(
    server: ScriptedServer, registry: Command, typed: Callable[[str], None], config: Path
) -> None:
    typed("secret\r\n")
    assert registry("login", server.host, "--plain-http", "-u", "me", "--password-stdin").err == ""
    assert server.host in json.loads(config.read_text())["auths"]


def test_a_password_that_is_no_text(server: ScriptedServer, registry: Command, config: Path) -> None:
    encoded = base64.b64encode(b"me:\xff\xe9").decode()
    wants(server, f"Basic {encoded}")
    assert registry("login", server.host, "--plain-http", "-u", "me", "-p", os.fsdecode(b"\xff\xe9")).code == 0
    assert encoded in config.read_text()
    config.write_text('{"credsStore": "test"}')
    outcome = registry("login", server.host, "--plain-http", "-u", "me", "-p", os.fsdecode(b"\xff\xe9"))
    assert "docker-credential-test takes text only, and this is no UTF-8" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("-u", "me", "-p", "wrong"), 'authenticating to "{host}": access denied: status 401', id="wrong"),
        pytest.param(("-p", "secret"), 'authenticating to "{host}": access denied: status 401', id="no-user"),
    ],
)
def test_a_refused_login_is_not_kept(
    server: ScriptedServer, registry: Command, config: Path, arguments: tuple[str, ...], message: str
) -> None:
    outcome = registry("login", server.host, "--plain-http", *arguments)
    assert outcome.code == 1
    assert message.format(host=server.host) in outcome.err
    assert "hint: check user name and password" in outcome.err
    assert not config.exists()
    assert "secret" not in outcome.err


def test_a_registry_without_an_api(server: ScriptedServer, registry: Command) -> None:
    server.script = lambda request: Reply(404)
    outcome = registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret")
    assert f'Error: authenticating to "{server.host}": unexpected answer: it has no registry API' in outcome.err
    assert "see whether this is the host of an OCI registry" in outcome.err


@pytest.mark.parametrize("host", ["r.io/charts", "oci://r.io", "https://r.io", "", "r.io:x"])
@pytest.mark.parametrize("command", ["login", "logout"])
def test_a_host_is_no_address(registry: Command, command: str, host: str) -> None:
    outcome = registry(command, host)
    assert outcome.err.startswith(f'Error: invalid reference: invalid registry "{host}"\n\nhint: name the host alone')


@pytest.mark.parametrize("command", ["login", "logout"])
def test_a_host_is_needed(registry: Command, command: str) -> None:
    assert f'"steersman registry {command}" requires at least 1 argument' in registry(command).err


def test_help(registry: Command) -> None:
    outcome = registry()
    assert outcome.code == 0
    assert "login" in outcome.out
    assert "logout" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "what"), [pytest.param(("-u", "me"), "password", id="user"), pytest.param((), "username", id="none")]
)
def test_nobody_is_asked_without_a_terminal(
    registry: Command, typed: Callable[[str], None], arguments: tuple[str, ...], what: str
) -> None:
    typed("me\nsecret\n")
    outcome = registry("login", "r.io", *arguments)
    assert outcome.err.startswith(f"Error: {what} required\n\nhint: standard input is no terminal")


def test_tls(pair: Pair, registry: Command, config: Path) -> None:
    with serve((pair.certificate, pair.key)) as server:
        wants(server, BASIC)
        user = ("-u", "me", "-p", "secret")
        assert "--ca-file names the authorities to trust" in registry("login", server.host, *user).err
        assert "it seems to speak plain HTTP" not in registry("login", server.host, *user).err
        assert server.requests == []
        certificates = ("--ca-file", str(pair.certificate), "--cert-file", str(pair.certificate))
        assert registry("login", server.host, *user, *certificates, "--key-file", str(pair.key)).code == 0
        assert registry("login", server.host, *user, "--insecure").code == 0
        assert server.host in config.read_text()


def test_plain_http_where_tls_is_expected(server: ScriptedServer, registry: Command) -> None:
    assert "pass --plain-http" in registry("login", server.host, "-u", "me", "-p", "secret").err
    assert server.requests == []


def test_a_password_never_goes_to_a_token_service_without_tls(pair: Pair, registry: Command) -> None:
    with serve((pair.certificate, pair.key)) as server, serve() as elsewhere:
        challenge = f'Bearer realm="http://{elsewhere.host}/token",service="r"'
        server.script = lambda request: Reply(401, headers={"WWW-Authenticate": challenge})
        outcome = registry("login", server.host, "-u", "me", "-p", "secret", "--insecure")
        assert "its token service is not reached over TLS" in outcome.err
        assert elsewhere.requests == []


def test_a_login_at_a_token_service(server: ScriptedServer, registry: Command) -> None:
    with serve() as service:
        challenge = f'Bearer realm="http://{service.host}/token",service="r"'

        def script(request: Request) -> Reply:
            good = request.authorization == "Bearer abc"
            return Reply(200) if good else Reply(401, headers={"WWW-Authenticate": challenge})

        server.script = script
        service.script = lambda request: (
            Reply(200, b'{"token": "abc"}') if request.authorization == BASIC else Reply(401)
        )
        assert registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret").code == 0
        refused = registry("login", server.host, "--plain-http", "-u", "me", "-p", "wrong")
        assert "the token service 127.0.0.1 answered 401" in refused.err


def test_the_rest_of_the_file_stays(server: ScriptedServer, registry: Command, config: Path) -> None:
    config.parent.mkdir(parents=True)
    before = {
        "auths": {"z.io": {"auth": "eA==", "email": "<me>"}, "a.io": {"identitytoken": "t"}},
        "credHelpers": {"other.io": "other"},
        "HttpHeaders": {"User-Agent": "é & co"},
        "number": 12345678901234567890,
    }
    config.write_text(json.dumps(before))
    config.chmod(0o644)
    assert registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret").code == 0
    after = json.loads(config.read_text())
    assert after["auths"].pop(server.host) == {"auth": BASIC.removeprefix("Basic ")}
    assert after == before
    assert config.stat().st_mode & 0o777 == 0o600
    assert registry("logout", server.host) == Outcome(0, f"Removing login credentials for {server.host}\n", "")
    assert json.loads(config.read_text()) == before
    assert list(config.parent.iterdir()) == [config]


def test_logout_of_a_registry_that_nobody_logged_in_to(registry: Command, config: Path) -> None:
    assert registry("logout", "r.io") == Outcome(0, "Removing login credentials for r.io\n", "")
    assert not config.exists()


def test_docker_hub_has_a_key_of_its_own(registry: Command, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text('{"auths": {"https://index.docker.io/v1/": {"auth": "eA=="}}}')
    assert registry("logout", "docker.io").code == 0
    assert json.loads(config.read_text()) == {"auths": {}}


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": []}', '{"credsStore": 1}', '{"auths": {"r.io": "hunter2"'])
def test_a_file_that_is_no_docker_config_is_left_alone(registry: Command, config: Path, text: str) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(text)
    for command in (("logout", "r.io"), ("login", "r.io", "-u", "me", "-p", "secret")):
        outcome = registry(*command)
        assert f"failed to decode config file at {config}: invalid config format" in outcome.err
        assert "hunter2" not in outcome.err
    assert config.read_text() == text


def test_a_link_stays_a_link(server: ScriptedServer, registry: Command, config: Path, tmp_path: Path) -> None:
    config.parent.mkdir(parents=True)
    config.symlink_to(tmp_path / "elsewhere.json")
    assert registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret").code == 0
    assert config.is_symlink()
    assert server.host in (tmp_path / "elsewhere.json").read_text()


@pytest.mark.parametrize("way", ["flag", "variable", "home"])
def test_the_file_may_be_elsewhere(
    server: ScriptedServer, registry: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    file = tmp_path / "registry" / "config.json"
    flags = ("--registry-config", str(file)) if way == "flag" else ()
    if way == "variable":
        monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(file))
    if way == "home":
        monkeypatch.setenv("HELM_CONFIG_HOME", str(tmp_path))
    assert registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret", *flags).code == 0
    assert server.host in file.read_text()


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_a_credential_program_keeps_it(
    server: ScriptedServer, registry: Command, config: Path, monkeypatch: pytest.MonkeyPatch, home: Path, key: str
) -> None:
    log = helper(home, "exit 0", monkeypatch)
    config.parent.mkdir(parents=True)
    text = json.dumps({key: "test" if key == "credsStore" else {server.host: "test"}})
    config.write_text(text)
    assert registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret").code == 0
    assert registry("logout", server.host).code == 0
    assert config.read_text() == text
    stored, erased = log.read_text().splitlines()
    assert json.loads(stored.removeprefix("store ")) == {
        "ServerURL": server.host,
        "Username": "me",
        "Secret": "secret",
    }
    assert erased == f"erase {server.host}"


def test_a_credential_program_that_fails(
    server: ScriptedServer, registry: Command, config: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    helper(home, "echo secret; exit 3", monkeypatch)
    config.parent.mkdir(parents=True)
    config.write_text('{"credsStore": "test"}')
    outcome = registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret")
    assert "the credential helper docker-credential-test failed with exit code 3" in outcome.err
    assert outcome.out == ""
    assert "secret" not in outcome.err.removeprefix(WARNING)


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other programs")
def test_the_platforms_program_keeps_a_first_login(
    server: ScriptedServer, registry: Command, config: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    log = helper(home, "exit 0", monkeypatch, name="secretservice")
    assert registry("login", server.host, "--plain-http", "-u", "me", "-p", "secret").code == 0
    assert json.loads(config.read_text()) == {"credsStore": "secretservice"}
    assert log.read_text().startswith("store ")


def test_logins_at_the_same_time_are_all_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    file = tmp_path / "config.json"

    def login(number: int) -> None:
        Logins(file).store(f"r{number}.io", Credential("me", "secret"))

    threads = [threading.Thread(target=login, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads(file.read_text())["auths"]) == 16


def test_an_identity_token_of_a_program_is_kept_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = helper(tmp_path, "exit 0", monkeypatch)
    file = tmp_path / "config.json"
    file.write_text('{"credsStore": "test"}')
    Logins(file).store("r.io", Credential(identity_token="abc"))
    assert json.loads(log.read_text().removeprefix("store "))["Username"] == "<token>"


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        pytest.param(("-u", "me"), [("Password: ", "secret")], id="password"),
        pytest.param((), [("Username: ", "me"), ("Password: ", "secret")], id="user-and-password"),
    ],
)
def test_a_password_is_asked_for_without_showing_it(
    server: ScriptedServer, home: Path, arguments: tuple[str, ...], asked: list[tuple[str, str]]
) -> None:
    leader, follower = pty.openpty()
    code = "from steersman.cli.main import main; main()"
    command = [sys.executable, "-c", code, "registry", "login", server.host, "--plain-http", *arguments]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        shown = ""
        for prompt, answer in asked:
            shown += read_until(leader, prompt)
            os.write(leader, f"{answer}\n".encode())
        shown += read_until(leader, "Login Succeeded")
        assert process.wait(10) == 0
    os.close(leader)
    assert "secret" not in shown
    assert [request.authorization for request in server.requests] == ["", BASIC]


def read_until(descriptor: int, text: str) -> str:
    shown = ""
    while text not in shown:
        assert select.select([descriptor], [], [], 20)[0], shown
        shown += os.read(descriptor, 4096).decode()
    return shown
