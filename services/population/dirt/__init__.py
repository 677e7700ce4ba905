"""The dirt of real life: what goes wrong between a child and a department's record of it.

Cast: a *card* is what one system holds of one child, so that an error in it recurs in that system's
later reports; a *label* names an error that was made, so that missed links can be counted by their
cause. How often each is made stands in rates.py, under the label's name.

Of the errors of one kind (number, name, birth date, sex, …) at most one is made at a time.
"""

from services.population.dirt.slips import FILLERS
from services.population.dirt.soiler import Soiler

__all__ = ["FILLERS", "Soiler"]
