"""How the results of a study change with the length of training."""

from goodviews.jobs.study.lengths.forecast import (
    Curves,
    Forecast,
    Model,
    fit_model,
    leave_one_set_out,
    read_forecast,
)
from goodviews.jobs.study.lengths.measure import (
    LengthRun,
    Measured,
    chosen_runs,
    measure_chain,
    measure_run,
)

__all__ = [
    "Curves",
    "Forecast",
    "LengthRun",
    "Measured",
    "Model",
    "chosen_runs",
    "fit_model",
    "leave_one_set_out",
    "measure_chain",
    "measure_run",
    "read_forecast",
]
