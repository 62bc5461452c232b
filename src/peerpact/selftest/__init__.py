"""Does the instrument find what was planted, and may it be trusted with what was not?"""

from peerpact.selftest.certificate import Certificate, Effort, certify, write
from peerpact.selftest.check import Check
from peerpact.selftest.instrument import Instrument, Laboratory

__all__ = ["Certificate", "Check", "Effort", "Instrument", "Laboratory", "certify", "write"]
