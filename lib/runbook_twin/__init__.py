"""The rehearsal cluster: one process with real SSH servers and a real HTTP OpenStack API."""
