"""The lab: the real engines on this machine, each server a set of namespaces of its own."""
