"""The other direction: a school's two files, from a folder of this machine into the cloud's inbox."""
