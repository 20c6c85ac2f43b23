"""What people type: ``roster`` checks a pair on this machine, ``roster-admin`` looks after the sites of a stack."""
