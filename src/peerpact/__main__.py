"""``python -m peerpact`` is ``peerpact``."""

from peerpact.cli import main

main()
