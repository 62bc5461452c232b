"""Each correction by statsmodels collects garbage; what was imported before is kept out of that."""

import gc

gc.freeze()
