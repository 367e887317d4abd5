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

"""Responses of the filter itself."""

import json
import typing as ty

import webob
import webob.exc

from keystone_oauth2.protocol import bearer
from keystone_oauth2.protocol import protected_resource

_RETRY_AFTER = '1'
_MAX_AGE = 300


class Responses:
    """Makes responses that name the service's metadata, if it has any.

    :param issuer: the issuer identifier.
    :param resource: the resource identifier of the service, or None.
    """

    def __init__(self, issuer: str, resource: str | None) -> None:
        self._issuer = issuer
        self._resource = resource
        self._path = resource and protected_resource.path(resource)
        self._url = resource and protected_resource.url(resource)

    def challenge(self, error: str | None) -> str:
        """Return a value for ``WWW-Authenticate`` (RFC 9728, 5.1).

        :param error: see :func:`.bearer.challenge`.
        """
        return bearer.challenge(error, self._url)

    def bad_request(self, message: str) -> ty.Any:
        """Return a response to a request with no single token.

        :param message: a sentence.
        """
        challenge = {'WWW-Authenticate': self.challenge('invalid_request')}
        return _error(webob.exc.HTTPBadRequest, message, challenge)

    def metadata(self, environ: dict[str, ty.Any]) -> ty.Any:
        """Return the service's metadata, if they are requested, or None."""
        if self._resource is None:
            return None
        path = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
        if path != self._path:
            return None
        if environ['REQUEST_METHOD'] not in ('GET', 'HEAD'):
            return webob.exc.HTTPMethodNotAllowed(
                headers={'Allow': 'GET, HEAD'}
            )
        return webob.Response(
            json_body=protected_resource.document(
                self._resource, self._issuer
            ),
            cache_control=f'public, max-age={_MAX_AGE}',
        )


def unavailable(message: str) -> webob.exc.HTTPException:
    """Return a response to a request that may succeed a little later.

    :param message: a sentence.
    """
    return _error(
        webob.exc.HTTPServiceUnavailable,
        message,
        {'Retry-After': _RETRY_AFTER},
    )


def _error(
    kind: ty.Any, message: str, headers: dict[str, str]
) -> webob.exc.HTTPException:
    body = {
        'error': {'code': kind.code, 'title': kind.title, 'message': message}
    }
    return ty.cast(
        webob.exc.HTTPException,
        kind(
            body=json.dumps(body).encode(),
            headers=headers,
            charset='UTF-8',
            content_type='application/json',
        ),
    )
