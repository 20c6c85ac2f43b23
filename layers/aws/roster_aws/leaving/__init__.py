"""The end of a site that leaves: its tombstone, its erasure, the receipt."""
