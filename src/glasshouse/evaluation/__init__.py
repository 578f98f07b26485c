"""What predictions are worth: metrics with intervals, baselines and the report. Arrays in, no torch."""
