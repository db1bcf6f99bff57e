"""Verifying a chart: from evidence that is kept, else from what its registry or repository has.

Evidence that a chart passed is kept in the chart cache under its digest and all that was demanded, and judged again
each time: a restart asks nobody, and a registry that is down makes no release bad that was verified. What did not pass
is asked for anew, since it may be signed by now. Called by `source`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from steersman.core.verification import Verification, Verified
from steersman.registry.asking import Asker
from steersman.registry.cache import ChartCache
from steersman.registry.errors import VerificationFailed
from steersman.registry.signatures.evidence import Evidence, Subject, decode, encode, key_of

Found: TypeAlias = tuple[Subject, Evidence]
Now: TypeAlias = Callable[[], datetime]


class Verifying:
    """One per process."""

    def __init__(self, asker: Asker, cache: ChartCache, now: Now) -> None:
        self._asker = asker
        self._cache = cache
        self._now = now

    async def verify(
        self,
        digest: str,
        verification: Verification,
        known: Callable[[], Subject | None],
        find: Callable[[], Awaitable[Found]],
    ) -> Verified:
        """By whom the chart of this digest is signed. `known` says from the cache what has to be signed, in a thread;
        `find` asks for that and for the evidence. Raises VerificationFailed."""
        kept = await self.before(digest, verification, known)
        if kept is not None:
            return kept
        subject, evidence = await find()
        key = key_of(digest, verification)
        return await self._asker.in_thread(self._judge, key, verification, evidence, subject)

    async def before(
        self, digest: str, verification: Verification, known: Callable[[], Subject | None]
    ) -> Verified | None:
        """The same where evidence that is kept says it, else None. Nobody is asked."""
        return await self._asker.in_thread(self._from_cache, key_of(digest, verification), verification, known)

    def _from_cache(self, key: str, verification: Verification, known: Callable[[], Subject | None]) -> Verified | None:
        data = self._cache.get_named(key)
        evidence = None if data is None else decode(data)
        subject = None if evidence is None else known()
        if evidence is None or subject is None:
            return None
        from steersman.registry.signatures.judging import judge  # cryptography, for those who demand a signature

        try:
            return judge(verification, evidence, subject, self._now())
        except VerificationFailed:
            return None  # a key expired since, or the file is damaged: what is there now decides

    def _judge(self, key: str, verification: Verification, evidence: Evidence, subject: Subject) -> Verified:
        from steersman.registry.signatures.judging import judge  # as above

        verified = judge(verification, evidence, subject, self._now())
        self._cache.put_named(key, encode(evidence))
        return verified
