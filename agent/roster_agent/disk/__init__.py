"""What is on this server's disk: the state folder, the mirror, the CSVImport folder, and how files are written."""
