"""What differs, and whose it is: field ownership (`fields`), keys that server-side apply refuses (`duplicates`)."""
