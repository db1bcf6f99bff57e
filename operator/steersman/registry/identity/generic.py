"""Registries that trust the cluster itself: the ServiceAccount's own token, for an audience of theirs, as bearer token.

Only for ServiceAccounts that say so by the annotation `steersman.dev/registry-audience`, whose value is the audience
(the registry's host, where it is `host`). A token for one audience is good nowhere else.
"""

from __future__ import annotations

import time

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.model import Account, Issued, Known, ServiceAccountToken, expiry_of_jwt

PROVIDER = "generic"
_OWN_HOST = "host"
_UNKNOWN_SECONDS = 600.0


class GenericIdentity:
    """Implements `model.CloudIdentity`."""

    def serves(self, host: str) -> bool:
        """Every host: the audience says which one takes the token."""
        del host
        return True

    async def credential(self, host: str, account: Account | None, token: ServiceAccountToken) -> Issued:
        """The token."""
        audience = account.annotation(Known.AUDIENCE) if account is not None else ""
        if not audience:
            place = account.place if account is not None else "the operator"
            raise IdentityFailed(
                PROVIDER,
                place,
                f"no annotation {Known.AUDIENCE} says that its token is for registries",
                hint="annotate the ServiceAccount with the audience that the registry expects, or use pull secrets",
            )
        value = await token(host if audience == _OWN_HOST else audience)
        return Issued(Credential(registry_token=value), expiry_of_jwt(value) or time.time() + _UNKNOWN_SECONDS)
