"""Peerpact: does an AI protect other AIs when honest work would shut them down?"""

__version__ = "0.1.0"
