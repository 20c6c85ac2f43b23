"""The rules of the roster import, pure: no AWS, no clock, no environment, the standard library alone.

Read in the order of the work: `pair` (is there something to import), `csv_file` and `parse` (bytes to rows),
`names` (what a value is), `reconcile` (rows to a roster), `diff` and `encode` (what a version is made of),
`plan` (all of it in one call), `report` (what people are told), `csvimport` (what an Impero server receives).
"""
