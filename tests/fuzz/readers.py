"""All targets by name."""

from __future__ import annotations

from fuzz import (
    readers_chart,
    readers_credentials,
    readers_registry,
    readers_signatures,
    readers_template,
    readers_text,
    readers_values,
    readers_wire,
)

TARGETS = {
    target.name: target
    for module in (
        readers_template,
        readers_values,
        readers_text,
        readers_chart,
        readers_wire,
        readers_credentials,
        readers_registry,
        readers_signatures,
    )
    for target in module.TARGETS
}
