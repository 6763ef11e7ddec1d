"""`python -m clinsynth`, the same as `clinsynth`."""

import sys

from clinsynth.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
