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

"""What the resources of clients have in common.

Unlike the protocol endpoints, they follow Keystone's conventions: they require
a token, and their errors have Keystone's format.
"""

import collections.abc as abc
import functools
import re
import typing as ty

import flask
from oslo_log import log

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.api import kinds
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import clients
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import web
from keystone_oauth2.protocol.clients import registration

LOG = log.getLogger(__name__)

Client = dict[str, ty.Any]
Method = abc.Callable[..., ty.Any]

_ID = re.compile('[A-Za-z0-9._~-]+')


def _check_ids(method: Method) -> Method:
    """Refuse an id that could not be stored, before anything reads it."""

    @functools.wraps(method)
    def checked(**ids: str) -> ty.Any:
        if not all(_ID.fullmatch(value) for value in ids.values()):
            # Not every database can compare it, and it could forge log lines.
            raise web.NotFound(target='this id')
        return method(**ids)

    return checked


def _translate_errors(method: Method) -> Method:
    """Raise the errors of a registration as Keystone's."""

    @functools.wraps(method)
    def translated(**ids: str) -> ty.Any:
        try:
            return method(**ids)
        except registration.UnknownClient:
            raise web.NotFound(target=ids['client_id']) from None
        except registration.UnknownAuthenticator:
            raise web.NotFound(target=ids['authenticator_id']) from None
        except registration.NotAuthorized as error:
            LOG.info('Refused to change a client: %s', error)
            raise web.TokenRefused() from error
        except registration.TooMany as error:
            raise web.Forbidden(str(error)) from error
        except registration.Conflict as error:
            raise web.Conflict(str(error)) from error

    return translated


def _no_store(method: Method) -> Method:
    """Mark the response as not cacheable."""

    @functools.wraps(method)
    def not_stored(**ids: str) -> flask.Response:
        return base.no_store(flask.make_response(method(**ids)))

    return not_stored


class Resource(web.ResourceBase):
    """Common parts of the resources.

    :param server: shows clients and their authenticators.
    :param kind: of the authenticators; None for the client itself.
    """

    # The first one is the innermost.
    method_decorators = [_no_store, _translate_errors, _check_ids]

    def __init__(
        self,
        server: authenticators.Clients,
        kind: kinds.Kind | None = None,
    ) -> None:
        self.server = server
        self.kind = ty.cast(kinds.Kind, kind)

    def permitted(self, rule: str, client_id: str) -> Client:
        """Return the client, if the caller is allowed to see it.

        :raises web.Error: the caller is not allowed.
        :raises registration.UnknownClient: there is no such client.
        """
        client = enforced(rule, client_id)
        callers.check_reader(web.auth_context())
        if client is None:
            raise registration.UnknownClient
        return client

    def body(self) -> ty.Any:
        """Return the JSON object in the body.

        :raises web.ValidationError: there is none.
        """
        try:
            body = flask.request.get_json(force=True, silent=True)
        except RecursionError as error:
            raise web.ValidationError(
                'The body is nested too deeply.'
            ) from error
        if not isinstance(body, dict):
            raise web.ValidationError('The body is not a JSON object.')
        return body

    def url(self, client_id: str) -> str:
        """Return the URL of a client."""
        return web.base_url(f'/OS-OAUTH2/clients/{client_id}')


def enforced(rule: str, client_id: str) -> Client | None:
    """Return a client, or None, if the caller may do something with it.

    :raises web.Error: the caller is not allowed.
    """
    found: Client | None = None

    def target() -> Client:
        nonlocal found
        found = clients.describe(client_id)
        return {'client': _target(found)} if found else {}

    policy.enforce(rule, target)
    return found


def _target(client: Client) -> dict[str, str]:
    return {
        'id': client['id'],
        'user_id': client['user']['id'],
        'user_domain_id': client['user']['domain']['id'],
        'project_id': client['project']['id'],
        'project_domain_id': client['project']['domain']['id'],
    }
