"""Questions to servers: one command, one parser, one table each. Nothing here changes anything."""
