"""What every experiment is made of: claims with their bars, a figure, and one way to run it.

    from claims import Claim, Experiment, figures, main

    def run(fast: bool) -> Experiment:
        \"\"\"Return the experiment; `fast` is a version of a second or two, for the tests.\"\"\"

    if __name__ == "__main__":
        main(run)

A script of that form in `experiments/` is found by `python experiments` (all of them, and the page)
and by the tests (the fast version of each, whose claims must hold).
"""

from claims import figures
from claims.results import Claim, Experiment
from claims.running import main

__all__ = ["Claim", "Experiment", "figures", "main"]
