"""`python -m bpstudio`: the command line without the window."""

import sys

from bpstudio.cli import main

if __name__ == "__main__":
    sys.exit(main())
