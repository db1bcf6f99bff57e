"""`steersman registry login` and `logout`: what Helm's commands of these names do, in the file that Helm reads.

A credential is tried at the registry before it is kept. Next stops: `logins.py` for the file, `registry/oci.py` for the
request.
"""

from __future__ import annotations

import asyncio
from typing import Any

import click

from steersman.cli.chartflags import ChartFlags
from steersman.cli.credentials import login_file
from steersman.cli.flags import HelmCommand
from steersman.cli.logins import Logins
from steersman.cli.main import LazyGroup
from steersman.cli.output import read_standard_input, write, write_log
from steersman.cli.registries import advice, tell_another_try
from steersman.cli.terminal import ask
from steersman.cli.tls import read_tls
from steersman.core.golang.quote import quote
from steersman.errors import InvalidInput, SourceError
from steersman.registry.access import Access, Limits
from steersman.registry.asking import Asker
from steersman.registry.auth import Address, Credential
from steersman.registry.errors import AccessDenied, UnexpectedAnswer
from steersman.registry.oci_charts import RegistryEndpoint
from steersman.registry.reach import Reach
from steersman.registry.reference import ChartReference, is_host
from steersman.registry.resilience import RetryPolicy

_config_flag = click.option(
    "--registry-config",
    default="",
    envvar="HELM_REGISTRY_CONFIG",
    help="File with credentials for registries; Helm's own when left out.",
)


@click.group(cls=LazyGroup, invoke_without_command=True)
@click.pass_context
def registry(ctx: click.Context) -> None:
    """Log in to a registry, or log out."""
    if ctx.invoked_subcommand is None:
        write(ctx.get_help() + "\n")


@registry.command(cls=HelmCommand)
@click.argument("hosts", metavar="HOST", nargs=-1)
@click.option("-u", "--username", default="", help="User name.")
@click.option("-p", "--password", default="", help="Password or identity token; others of this machine may see it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--plain-http", is_flag=True, help="Talk to the registry without TLS.")
@click.option("--insecure", is_flag=True, help="Believe any certificate.")
@click.option("--ca-file", default="", help="Authorities to trust instead of the system's (PEM).")
@click.option("--cert-file", default="", help="Our certificate for the registry (PEM).")
@click.option("--key-file", default="", help="Its key (PEM).")
@_config_flag
def login(hosts: tuple[str, ...], registry_config: str, **options: Any) -> None:
    """Check a credential at a registry and keep it, for steersman and for helm."""
    host = _host("login", hosts)
    logins = Logins(login_file(registry_config))
    logins.check()
    credential = _credential(options["username"], options["password"], from_input=options["password_stdin"])
    flags = ChartFlags(
        insecure_skip_tls_verify=options["insecure"],
        ca_file=options["ca_file"],
        cert_file=options["cert_file"],
        key_file=options["key_file"],
    )
    access = Access(credential, insecure=options["plain_http"], tls=read_tls(flags))
    try:
        asyncio.run(_check(host, access))
    except SourceError as error:
        raise SourceError(f"authenticating to {quote(host)}: {_problem(error, host)}", hint=_hint(error)) from error
    logins.store(Address(host).server, credential)
    write("Login Succeeded\n")


@registry.command(cls=HelmCommand)
@click.argument("hosts", metavar="HOST", nargs=-1)
@_config_flag
def logout(hosts: tuple[str, ...], registry_config: str) -> None:
    """Forget the credential for a registry."""
    host = _host("logout", hosts)
    Logins(login_file(registry_config)).erase(Address(host).server)
    write(f"Removing login credentials for {host}\n")


def _host(command: str, hosts: tuple[str, ...]) -> str:
    if not hosts:
        name = f"steersman registry {command}"
        raise click.UsageError(f'"{name}" requires at least 1 argument\n\nUsage:  {name} HOST [flags]')
    host = hosts[0]
    if not is_host(host):
        raise InvalidInput(
            f"invalid reference: invalid registry {quote(host)}",
            hint="name the host alone, as in registry.example.com:5000: no scheme and no path",
        )
    return host


def _credential(username: str, password: str, *, from_input: bool) -> Credential:
    """As Helm finds out: from standard input, from the flags, else by asking."""
    if from_input:
        text = read_standard_input().decode("utf-8", "surrogateescape")
        return Credential(username, text.removesuffix("\n").removesuffix("\r"))
    if password:
        write_log(['level=WARN msg="using --password via the CLI is insecure. Use --password-stdin"'])
        return Credential(username, password)
    username = username or ask("Username: ").strip()
    password = ask("Password: " if username else "Token: ", echo=False)
    if not password:
        raise InvalidInput("password required" if username else "token required")
    return Credential(username, password)


async def _check(host: str, access: Access) -> None:
    asker = Asker(Limits(), RetryPolicy(attempts=2), Reach(local=True), threads=1, tell=tell_another_try)
    try:
        await asker.ask(RegistryEndpoint(ChartReference(host.lower(), ""), access), lambda client: client.ping())
    finally:
        await asker.close()


def _problem(error: SourceError, host: str) -> str:
    return error.message.removeprefix(f"{host.lower()}: ")


def _hint(error: SourceError) -> str:
    match error:
        case AccessDenied():
            return "check user name and password"
        case UnexpectedAnswer():
            return "see whether this is the host of an OCI registry"
    return advice(error)
