"""How large an uploaded file may be, which is asked before a byte of it is fetched.

In: a file's name and size in bytes. Out: the notice that refuses it, or None.
"""

from __future__ import annotations

from roster.notices import BUNDLES, BundleTooLarge, FileError, FileTooLarge

# About ten million rows, which is as many as are read; the memory of the import function is chosen for it.
FILE_LIMIT = 256 * 1024 * 1024

# Of a bundle, packed: about five million enrolments.
BUNDLE_LIMIT = 64 * 1024 * 1024


def limit_of(file: str) -> int:
    """The most bytes that a file of the inbox may have."""
    return BUNDLE_LIMIT if file in BUNDLES else FILE_LIMIT


def too_large(file: str, size: int) -> FileError | None:
    """The notice for a file of `size` bytes that is over its limit."""
    if size <= limit_of(file):
        return None
    kind = BundleTooLarge if file in BUNDLES else FileTooLarge
    return kind(file, bytes=size, limit=limit_of(file))
