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

"""Requests that reach every worker of uWSGI."""

import collections.abc as abc
from concurrent import futures
import re
import typing

from functional import programs

CONCURRENCY = 6
_ROUNDS = 50
_STARTED = re.compile(r'worker \d+ \((?:new )?pid: (\d+)')
_ANSWERED = re.compile(r'\[pid: (\d+)\|app: 0\|')

Answer = typing.TypeVar('Answer')


def ask_all(
    uwsgi: programs.Program,
    ask: abc.Callable[[], Answer],
    times: int = CONCURRENCY,
) -> list[Answer]:
    """Send a request repeatedly until each worker has responded.

    :param ask: sends it, and returns the response.
    :param times: requests to send before checking the workers.
    :returns: the responses.
    :raises AssertionError: a worker does not respond.
    """
    seen = len(uwsgi.log)
    answers: list[Answer] = []
    with futures.ThreadPoolExecutor(CONCURRENCY) as pool:
        for _ in range(_ROUNDS):
            answers += pool.map(lambda _: ask(), range(times))
            answered = set(_ANSWERED.findall(uwsgi.log[seen:]))
            if _workers(uwsgi) <= answered:
                return answers
    raise AssertionError('A worker does not answer.')


def _workers(uwsgi: programs.Program) -> set[str]:
    # The process that terminates TLS is another child.
    return set(_STARTED.findall(uwsgi.log)) & set(map(str, uwsgi.children()))
