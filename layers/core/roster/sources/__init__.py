"""Other products' exports: a bundle to the rows that a pair has, with the places that they come from."""
