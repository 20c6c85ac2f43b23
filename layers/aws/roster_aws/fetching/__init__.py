"""A roster fetched from the API of another product, into the inbox."""
