"""The cloud on this machine: the same template.yaml, deployed to an emulator, for people and for tests."""
