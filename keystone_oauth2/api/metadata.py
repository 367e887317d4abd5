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

"""``GET .../.well-known/oauth-authorization-server``."""

import collections.abc as abc
import json
import typing as ty

import flask

from keystone_oauth2.api import base
from keystone_oauth2.api import errors as rendering
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import metadata
from keystone_oauth2.protocol import signing_keys


class MetadataResource(web.ResourceBase):
    """The metadata document (RFC 8414, 3).

    :param document: its members, or None if there is no issuer.
    :param keys: returns the keys that sign; None if there are none.
    """

    def __init__(
        self,
        document: dict[str, ty.Any] | None,
        keys: abc.Callable[[], signing_keys.KeySet] | None,
    ) -> None:
        self._document = document
        self._keys = keys

    def get(self) -> flask.Response:
        """Return the document."""
        web.set_unenforced_ok()
        if self._document is None:
            return rendering.render(errors.NotFound())
        document = self._document
        if self._keys is not None:
            document = metadata.with_algorithms(document, self._keys())
        return flask.Response(
            json.dumps(document), content_type='application/json'
        )


def ignore_body(path: str | None) -> None:
    """Discard the body of a request for a path whose methods have none.

    :param path: below the mount point of the application, or None.
    """
    if web.current_request().path == path:
        base.discard_body()
