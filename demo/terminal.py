# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The output of the demo."""

from __future__ import annotations

import contextlib
import re
import sys
import textwrap
import time
import typing

WIDTH = 79

BOLD = '1'
DIM = '2'
RED = '31'
GREEN = '32'
YELLOW = '33'
CYAN = '36'

# An option and its value.
UNBROKEN = re.compile(r'(?<= )--?[a-z-]+ ("[^"]*"|[^- ])')
GLUE = '\0'


class Terminal:
    """Writes to standard output.

    :param colour: whether to use the colours of a terminal.
    """

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._live = sys.stdout.isatty()

    def chapter(self, text: str) -> None:
        """Print the heading of a chapter."""
        self.line()
        self.line(self._painted(text, BOLD))
        self.line(self._painted('=' * len(text), BOLD))

    def step(self, text: str) -> None:
        """Print the heading of a step."""
        self.line()
        self.line(self._painted(text, BOLD))

    def say(self, text: str) -> None:
        """Print sentences, wrapped."""
        indent = '   '
        self.line(
            textwrap.fill(
                ' '.join(text.split()),
                WIDTH,
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
                break_long_words=False,
            )
        )

    def sent(self, text: str) -> None:
        """Print a part of a request."""
        self._quote('>', text, CYAN)

    def received(self, text: str, *, refused: bool) -> None:
        """Print a part of a response."""
        self._quote('<', text, YELLOW if refused else GREEN)

    def shell(self, text: str) -> None:
        """Print a command that is run, on as many lines as are readable."""
        lines = textwrap.wrap(
            UNBROKEN.sub(lambda found: found[0].replace(' ', GLUE), text),
            WIDTH - 7,
            subsequent_indent='    ',
            break_on_hyphens=False,
            break_long_words=False,
        )
        folded = ' \\\n'.join(lines).replace(GLUE, ' ')
        self._quote('$', folded, CYAN, '>')

    def code(self, text: str) -> None:
        """Print Python code that is run."""
        self._quote('>>>', text, CYAN, '...')

    def output(self, text: str) -> None:
        """Print what a command has printed."""
        for line in text.splitlines():
            self.line(f'   {line}')

    def verdict(self, text: str) -> None:
        """Print the meaning of a response."""
        self.line(f'   {self._painted("ok", GREEN)} {text}')

    def command(self, text: str) -> None:
        """Print a command to paste, unwrapped and on a line of its own."""
        self.line(self._painted(text, CYAN))

    def failure(self, text: str) -> None:
        """Print why the demo failed."""
        self.line()
        self.line(self._painted(text, RED))

    @contextlib.contextmanager
    def progress(self, text: str) -> typing.Iterator[None]:
        """Print the current action, and then how long it took."""
        start = time.monotonic()
        sys.stdout.write(f'   {text} ...')
        sys.stdout.flush()
        yield
        seconds = time.monotonic() - start
        self.line(self._painted(f' {seconds:.1f} s', DIM))

    def wait(self, seconds: float, text: str) -> None:
        """Wait, with a countdown on a terminal."""
        end = time.monotonic() + seconds
        if not self._live:
            self.line(f'   {text}: {seconds:.0f} s')
        while (left := end - time.monotonic()) > 0:
            if self._live:
                sys.stdout.write(f'\r   {text}: {left:.0f} s ')
                sys.stdout.flush()
            time.sleep(min(left, 0.25))
        if self._live:
            self.line(f'\r   {text}: done')

    def line(self, text: str = '') -> None:
        """Print a line unchanged."""
        print(text, flush=True)

    def _quote(
        self, mark: str, text: str, colour: str, next_mark: str | None = None
    ) -> None:
        for line in text.splitlines():
            self.line(f'   {self._painted(mark, colour)} {line}')
            mark = next_mark or mark

    def _painted(self, text: str, colour: str) -> str:
        if not self._colour:
            return text
        return f'\033[{colour}m{text}\033[0m'
