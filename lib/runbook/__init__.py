"""Jupyter runbooks that can be rehearsed, run unattended and proven afterwards."""
