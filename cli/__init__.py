"""The command line of ntkreg; installed as the package ``ntkreg_cli``."""
