"""Kubeconfigs as people have them: tokens, token files, certificates, plugins, proxies, and broken ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.kube.credentials import Credentials
from steersman.kube.errors import CredentialsUnusable


def kubeconfig(folder: Path, user: dict[str, Any], **cluster: Any) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1/", **cluster}}],
        "users": [{"name": "u", "user": user}, {"name": "other", "user": {"token": "second"}}],
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
            {"name": "there", "context": {"cluster": "c", "user": "other"}},
        ],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return str(path)


async def test_a_token(tmp_path: Path) -> None:
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, {"token": "first"}))
    assert await credentials.authorization() == "Bearer first"
    assert credentials.server == "http://127.0.0.1:1"


async def test_another_context(tmp_path: Path) -> None:
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, {"token": "first"}), "there")
    assert await credentials.authorization() == "Bearer second"


async def test_no_user_is_anonymous(tmp_path: Path) -> None:
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, {}))
    assert await credentials.authorization() is None


async def test_a_password(tmp_path: Path) -> None:
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, {"username": "a", "password": "b"}))
    assert await credentials.authorization() == "Basic YTpi"


async def test_a_token_file_is_read_again_on_renewal(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    path = kubeconfig(tmp_path, {"tokenFile": str(token)})
    credentials = await Credentials.from_kubeconfig(path, renew_pause=0.0)
    token.write_text("new")
    assert await credentials.authorization() == "Bearer old"
    assert await credentials.renew()
    assert await credentials.authorization() == "Bearer new"


async def test_a_plugin_is_asked_again_on_renewal(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f"echo x >> {tmp_path}/calls\n"
        f'printf \'{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
        f'"status":{{"token":"call-%s"}}}}\' "$(wc -l < {tmp_path}/calls | tr -d " ")"\n'
    )
    plugin.chmod(0o755)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin)}}
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, user), renew_pause=0.0)
    assert await credentials.authorization() == "Bearer call-1"
    await credentials.renew()
    assert await credentials.authorization() == "Bearer call-2"


async def test_many_that_meet_an_expired_token_renew_once(tmp_path: Path) -> None:
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, {"token": "first"}))
    assert not await credentials.renew(), "it was read just now"


async def test_a_plugin_that_fails_is_said(tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(tmp_path / "missing")}}
    with pytest.raises(CredentialsUnusable, match="plugin"):
        await Credentials.from_kubeconfig(kubeconfig(tmp_path, user))


@pytest.mark.parametrize(
    "text",
    ["", "}{", "a: [", "apiVersion: v1\nkind: Config\ncurrent-context: x\n", "- a\n"],
    ids=["empty", "no YAML", "cut", "no contexts", "a list"],
)
async def test_a_broken_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(CredentialsUnusable, match="kubeconfig"):
        await Credentials.from_kubeconfig(str(path))


async def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CredentialsUnusable, match="missing"):
        await Credentials.from_kubeconfig(str(tmp_path / "missing"))


async def test_a_missing_context_is_said(tmp_path: Path) -> None:
    with pytest.raises(CredentialsUnusable, match="nowhere"):
        await Credentials.from_kubeconfig(kubeconfig(tmp_path, {}), "nowhere")


async def test_in_cluster_outside_a_cluster_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(CredentialsUnusable):
        await Credentials.in_cluster()


@pytest.mark.parametrize(
    ("environment", "cluster", "expected"),
    [
        ({}, {}, None),
        ({"HTTP_PROXY": "http://proxy:3128"}, {}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "127.0.0.1"}, {}, None),
        ({"HTTP_PROXY": "http://proxy:3128"}, {"proxy-url": "http://own:1"}, "http://own:1"),
    ],
    ids=["none", "of the environment", "not for this host", "of the cluster"],
)
async def test_proxy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    cluster: dict[str, str],
    expected: str | None,
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name.lower(), value)
    credentials = await Credentials.from_kubeconfig(kubeconfig(tmp_path, {}, **cluster))
    assert credentials.proxy == expected


async def test_what_another_client_needs_to_connect_as_we_do(tmp_path: Path) -> None:
    path = kubeconfig(
        tmp_path, {"token": "first"}, **{"tls-server-name": "api.example", "insecure-skip-tls-verify": True}
    )
    connection = await (await Credentials.from_kubeconfig(path)).connection()
    assert (connection.scheme, connection.token, connection.server_name) == ("Bearer", "first", "api.example")
    assert connection.insecure
