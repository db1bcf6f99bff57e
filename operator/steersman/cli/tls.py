"""The files that `--ca-file`, `--cert-file` and `--key-file` name, read and looked at. Called by `registries`."""

from __future__ import annotations

import io
import ssl

from steersman.cli.chartflags import ChartFlags
from steersman.core.golang.quote import quote
from steersman.errors import SourceError
from steersman.registry.access import Tls


def read_tls(flags: ChartFlags) -> Tls:
    """The texts of the files, checked. Raises SourceError, in Helm's words."""
    if not flags.asks_for_tls:
        return Tls()
    certificate = key = b""
    if flags.cert_file or flags.key_file:
        certificate = _read("unable to read cert file", flags.cert_file)
        key = _read("unable to read key file", flags.key_file)
    ca = _read("can't read CA file", flags.ca_file) if flags.ca_file else b""
    _check(flags, certificate, ca)
    return Tls(ca=ca, certificate=certificate, key=key, skip_verify=flags.insecure_skip_tls_verify)


def _read(problem: str, path: str) -> bytes:
    try:
        with io.FileIO(path) as file:  # Path("") would be the folder that we are in
            return file.readall()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _error(f"{problem}: {quote(path)}: open {path}: {reason}") from error


def _check(flags: ChartFlags, certificate: bytes, ca: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if certificate:
            # An empty password: without one, an encrypted key would have the terminal asked.
            context.load_cert_chain(flags.cert_file, flags.key_file, password="")
    except OSError as error:
        pair = f"{flags.cert_file} and {flags.key_file} hold no certificate and key that belong together"
        raise _error(f"unable to load cert from key pair: {pair}") from error
    try:
        if ca:
            context.load_verify_locations(flags.ca_file)
    except OSError as error:
        raise _error("failed to append certificates from pem block") from error


def _error(text: str) -> SourceError:
    return SourceError(f"missing registry client: can't create TLS config for client: {text}")
