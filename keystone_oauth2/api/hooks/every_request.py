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

"""The hooks that Flask calls for each request to Keystone.

Nearly all these requests concern neither this package nor its clients, and
must not become slower. Flask examines each hook function before it calls it,
which takes longer than what is done here. Two methods are wrapped instead.
"""

import collections.abc as abc
import functools
import typing as ty

import flask

from keystone_oauth2.api import errors
from keystone_oauth2.identity import web

_CREATED = 201


class Hooks:
    """Calls the checks and observers that a request concerns.

    :param apis: refuse unknown URLs below their own.
    :param checks: are called before each request. They raise an exception to
        refuse it.
    :param observers: are called with each response to the creation of
        anything, one after another. They return it, or another one.
    """

    def __init__(
        self,
        *,
        apis: abc.Sequence[errors.API],
        checks: abc.Sequence[abc.Callable[[], None]],
        observers: abc.Sequence[
            abc.Callable[[flask.Response], flask.Response]
        ],
    ) -> None:
        self._apis = apis
        self._checks = checks
        self._observers = observers

    def add_to(self, flask_app: flask.Flask) -> None:
        """Add the hooks to Keystone's application."""
        # Before Keystone's own hooks, which require a body to be JSON.
        flask_app.preprocess_request = functools.partial(  # type: ignore
            self._before, flask_app.preprocess_request
        )
        flask_app.process_response = functools.partial(  # type: ignore
            self._after, flask_app.process_response
        )
        flask_app.teardown_request(web.end_context)

    def _before(
        self, preprocess: abc.Callable[..., ty.Any], *arguments: ty.Any
    ) -> ty.Any:
        """Return a response in place of the resource's, or None.

        :param preprocess: calls the hooks of Keystone and of blueprints.
        """
        refusal = None
        if web.current_request().url_rule is None:
            refusal = self._refuse_unrouted()
        if refusal is None:
            refusal = preprocess(*arguments)
        if refusal is None:
            for check in self._checks:
                check()
        return refusal

    def _refuse_unrouted(self) -> flask.Response | None:
        for api in self._apis:
            refusal = api.refuse_unrouted()
            if refusal is not None:
                return refusal
        return None

    def _after(
        self, process: abc.Callable[..., flask.Response], *arguments: ty.Any
    ) -> flask.Response:
        """Return the response, or another one in its place.

        :param process: calls the hooks of Keystone and of blueprints, which
            add header fields to either.
        :param arguments: the last one is the response.
        """
        *first, response = arguments
        if response.status_code == _CREATED:
            for observe in self._observers:
                response = observe(response)
        return process(*first, response)
