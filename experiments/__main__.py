"""All experiments: `python experiments [NAME ...] [--fast] [--out DIR] [--workers 2]`."""

import sys

from claims.running import run_all

sys.exit(run_all())
