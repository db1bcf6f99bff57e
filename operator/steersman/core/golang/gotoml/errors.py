"""Errors of TOML, with the texts of Helm's TOML library."""

from __future__ import annotations


class TOMLError(ValueError):
    """A text that is no TOML, or a value that TOML cannot hold; the message is the library's."""


class ScalarError(ValueError):
    """A number, date or escape that is none; the reader adds where it stood."""
