"""From one version to the next: the pull, its steps, and the ways around the network."""
