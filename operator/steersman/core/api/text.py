"""Cutting texts for people to a length without hiding that they were cut. Used for everything that enters a status."""

from __future__ import annotations


def clip(text: str, limit: int) -> str:
    """The text, or its beginning and how many characters are missing, within `limit` characters in all."""
    if len(text) <= limit:
        return text
    # The count in the note changes its length, so room is kept for the largest count there can be.
    room = max(limit - len(_note(len(text))), 0)
    return (text[:room] + _note(len(text) - room))[:limit]


def _note(missing: int) -> str:
    return f"… (+{missing} characters)"
