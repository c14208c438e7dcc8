"""Paired benchmarks: ours beside a named peer, in one run on one machine, as ratios."""
