"""Swarm mode: managers, agents, services, the routing mesh."""
