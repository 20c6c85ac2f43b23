"""Speed, memory and write units of an import, beside those of other ways to do the same. `make bench` runs it."""
