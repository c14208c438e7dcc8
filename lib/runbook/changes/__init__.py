"""Acts on servers: each with its plan (the exact commands), whether it is needed, apply, undo."""
