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

"""The public keys of the authorization server (RFC 7517, 5)."""

import collections.abc as abc
import json

import flask

from keystone_oauth2.api import errors as rendering
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import signing_keys

_MEDIA_TYPE = 'application/jwk-set+json'


class JWKSResource(web.ResourceBase):
    """The key set that JWTs of this server can be verified with.

    :param keys: returns the published keys; None if there are no such tokens.
    """

    def __init__(
        self, keys: abc.Callable[[], signing_keys.KeySet] | None
    ) -> None:
        self._keys = keys

    def get(self) -> flask.Response:
        """Return the key set, or 304 if the client has it."""
        web.set_unenforced_ok()
        if self._keys is None:
            return rendering.render(errors.NotFound())
        keys = self._keys()
        if not keys.all:
            # An empty set would make others drop the keys that they have.
            return rendering.render(
                errors.TemporarilyUnavailable(rendering.RETRY_AFTER)
            )
        response = flask.Response(
            json.dumps(keys.jwks()), content_type=_MEDIA_TYPE
        )
        response.headers['Cache-Control'] = (
            f'public, max-age={signing_key_repository.MAX_AGE}'
        )
        response.add_etag()
        response.make_conditional(flask.request)
        return response
