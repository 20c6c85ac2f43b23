"""``python -m roster_agent``, for machines whose PATH lacks the installed command."""

import sys

from roster_agent.cli import main

sys.exit(main())
