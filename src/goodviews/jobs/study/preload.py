"""What every worker needs, imported once by the process from which workers are forked.

These imports take 0.8 GB and seconds of each processor; forked workers share them.
"""

import lightning_fabric  # noqa: F401
import sklearn.model_selection  # noqa: F401
import torch._dynamo  # noqa: F401 - the first optimiser of a process imports it

import goodviews.jobs.study.comparison.compare
import goodviews.jobs.study.lengths.run
import goodviews.jobs.study.run
import goodviews.views.compiled  # noqa: F401
