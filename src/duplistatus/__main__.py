"""`python -m duplistatus`: the same as the command."""

from duplistatus.cli import main

main()
