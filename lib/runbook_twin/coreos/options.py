"""Command line options as getopt reads them: anywhere between the words."""

from __future__ import annotations

from collections.abc import Iterable


class Options:
    """`flags` that stood there, values by option, `words` that are no options.

    values: the options that take a value, as `-n 3`, `-n3`, `--lines 3` or `--lines=3`.
    """

    def __init__(self, arguments: Iterable[str], values: tuple[str, ...] = ()) -> None:
        self.flags: set[str] = set()
        self.words: list[str] = []
        self._values: list[tuple[str, str]] = []
        rest = list(arguments)
        while rest:
            word = rest.pop(0)
            name, equals, text = word.partition("=")
            if word == "--":
                self.words += rest
                return
            if name in values:
                self._values.append((name, text if equals else rest.pop(0) if rest else ""))
            elif not word.startswith("--") and word[:2] in values:
                self._values.append((word[:2], word[2:]))
            elif word.startswith("-") and len(word) > 1:
                self.flags.add(word)
            else:
                self.words.append(word)

    def all(self, *names: str) -> list[str]:
        """All values that an option (in any of its spellings) was given."""
        return [text for name, text in self._values if name in names]

    def last(self, *names: str) -> str | None:
        """The last of them, or None."""
        return ([None, *self.all(*names)])[-1]
