"""Those who upload without AWS: uploaders, their tokens, and the links that a file is put by."""
