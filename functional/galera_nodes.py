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

"""Nodes of Keystone on members of a Galera cluster."""

import collections.abc as abc
from concurrent import futures
import functools
import threading
import typing as ty

from functional import galera
from functional import nodes


def at_once(*actions: abc.Callable[[], ty.Any]) -> list[ty.Any]:
    """Run actions at the same time, and return their results."""
    barrier = threading.Barrier(len(actions))

    def act(action: abc.Callable[[], ty.Any]) -> ty.Any:
        barrier.wait(galera.PATIENCE)
        return action()

    with futures.ThreadPoolExecutor(len(actions)) as pool:
        started = [pool.submit(act, action) for action in actions]
        return [future.result(galera.PATIENCE) for future in started]


class GaleraTestCase(nodes.NodesTestCase):
    """Two nodes of Keystone, each with a member of its own.

    The third member serves none. Requests that name no node go to the first.
    """

    needs = ('mariadbd', galera.INSTALL, 'rsync')
    processes = 2
    balanced = False

    @classmethod
    def _options(cls):
        cls.cluster = cls.use(galera.Cluster(cls.folder))
        options = super()._options()
        options['database'] = {
            'connection': cls.cluster.url(0),
            **options.get('database', {}),
        }
        cls.second_changes = {cls.cluster.url(0): cls.cluster.url(1)}
        return options

    def setUp(self):
        super().setUp()
        self.cluster.wait()
        self._requests = {}

    def at(self, number, files=None):
        """Return the function that sends requests to a node.

        It keeps its connection, so that simultaneous requests arrive at
        nearly the same time.
        """
        key = (number, files)
        if key not in self._requests:
            request = self.https(files, self.nodes[number].url).request
            request('GET', '/v3')
            self._requests[key] = request
        return self._requests[key]

    def at_both(self, *arguments, files=None, **more):
        """Send a request to both nodes at once, and return the responses."""
        return at_once(
            *(
                functools.partial(self.at(number, files), *arguments, **more)
                for number in (0, 1)
            )
        )
