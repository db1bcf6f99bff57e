"""Charts from where they are published: OCI registries."""
