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

"""``/v3/OS-OAUTH2/clients/{client_id}`` and what is below it.

Unlike the protocol endpoints, these resources are Keystone's in style: they
are used with a token, and their errors are Keystone's.
"""

import http
import re
import typing as ty

import flask

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.db import registrations
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import clients
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import web
from keystone_oauth2.policies import client as rules
from keystone_oauth2.protocol import registration

_ID = re.compile('[A-Za-z0-9._~-]+')
_METHODS_SCHEMA = {
    'type': 'object',
    'properties': {
        'client': {
            'type': 'object',
            'properties': {
                'authentication_methods': {
                    'type': ['array', 'null'],
                    'items': {'enum': sorted(registration.METHODS)},
                    'minItems': 1,
                    'uniqueItems': True,
                }
            },
            'required': ['authentication_methods'],
            'additionalProperties': False,
        }
    },
    'required': ['client'],
    'additionalProperties': False,
}


class _Resource(web.ResourceBase):
    """What all of them do alike.

    :param server: knows how authenticators are shown.
    :param kind: of the authenticators; None for the client itself.
    """

    def __init__(
        self,
        server: authenticators.Clients,
        kind: authenticators.Kind | None = None,
    ) -> None:
        self._server = server
        self._kind = ty.cast(authenticators.Kind, kind)

    def dispatch_request(self, *args: ty.Any, **kwargs: ty.Any) -> ty.Any:
        """Answer a request; what is not there is 404, what cannot be 409."""
        if not all(_ID.fullmatch(value) for value in kwargs.values()):
            # Not every database could compare it, nor a log write it down.
            raise web.NotFound(target='such an id')
        try:
            answer = super().dispatch_request(*args, **kwargs)
        except registration.UnknownClient:
            raise web.NotFound(target=kwargs['client_id']) from None
        except registration.UnknownAuthenticator:
            raise web.NotFound(target=kwargs['authenticator_id']) from None
        except registration.TooMany as error:
            raise web.Forbidden(str(error)) from error
        except registration.Conflict as error:
            raise web.Conflict(str(error)) from error
        return base.no_store(flask.make_response(answer))

    def _permitted(
        self, rule: str, client_id: str, *, changes: bool = False
    ) -> dict[str, ty.Any]:
        """Answer the client, if the caller may do this.

        :raises web.Error: the caller may not; or may, and there is none.
        """
        found: dict[str, ty.Any] | None = None

        def target() -> dict[str, ty.Any]:
            nonlocal found
            found = clients.describe(client_id)
            return {'client': _target(found)} if found else {}

        policy.enforce(rule, target)
        callers.check_manager(web.auth_context(), found, changes=changes)
        if found is None:
            raise registration.UnknownClient
        return found

    def _body(self) -> ty.Any:
        try:
            return self.request_body_json
        except RecursionError as error:
            raise web.ValidationError(
                'The body is nested too deep.'
            ) from error

    def _url(self, client_id: str) -> str:
        return web.base_url(f'{base.PREFIX[3:]}clients/{client_id}')


class ClientResource(_Resource):
    """A client."""

    def get(self, client_id: str) -> ty.Any:
        """Show it, with all that it may authenticate with."""
        client = self._permitted(rules.GET, client_id)
        return self._show(client)

    def patch(self, client_id: str) -> ty.Any:
        """Choose the methods that it may use."""
        client = self._permitted(rules.UPDATE, client_id, changes=True)
        body = self._body()
        web.validate(_METHODS_SCHEMA, body)
        methods = body['client']['authentication_methods']
        registrations.set_methods(
            client_id, None if methods is None else frozenset(methods)
        )
        notify.notify_registration('updated', 'client', client_id)
        return self._show(client)

    def _show(self, client: dict[str, ty.Any]) -> ty.Any:
        url = self._url(client['id'])
        return {'client': self._server.show_client(client, url)}


class AuthenticatorsResource(_Resource):
    """The authenticators of a kind."""

    def get(self, client_id: str) -> ty.Any:
        """List them."""
        rule = rules.rule('list', self._kind.name)
        client = self._permitted(rule, client_id)
        url = self._url(client_id)
        shown = self._server.show_all(self._kind, client, url)
        return _page(
            shown, self._kind.collection, f'{url}/{self._kind.collection}'
        )

    def post(self, client_id: str) -> ty.Any:
        """Register one, or several keys."""
        rule = rules.rule('create', self._kind.name)
        self._permitted(rule, client_id, changes=True)
        body = self._body()
        wanted, once = self._kind.read(body, client_id)
        added = registrations.add(client_id, wanted, self._server.limit)
        for one in added:
            notify.notify_registration('created', f'client_{one.kind}', one.id)
        url = self._url(client_id)
        shown = [
            {**self._server.show(self._kind, one, url), **once}
            for one in added
        ]
        if 'jwks' in body[self._kind.name]:
            return {self._kind.collection: shown}, http.HTTPStatus.CREATED
        return {self._kind.name: shown[0]}, http.HTTPStatus.CREATED


class AuthenticatorResource(_Resource):
    """One authenticator."""

    def get(self, client_id: str, authenticator_id: str) -> ty.Any:
        """Show it."""
        rule = rules.rule('get', self._kind.name)
        client = self._permitted(rule, client_id)
        url = self._url(client_id)
        for shown in self._server.show_all(self._kind, client, url):
            if shown['id'] == authenticator_id:
                return {self._kind.name: shown}
        raise registration.UnknownAuthenticator

    def delete(self, client_id: str, authenticator_id: str) -> ty.Any:
        """Remove it; the credential's own secret is retired."""
        rule = rules.rule('delete', self._kind.name)
        self._permitted(rule, client_id, changes=True)
        name = self._kind.name
        if name == registration.SECRET and authenticator_id == client_id:
            registrations.retire_secret(client_id)
        else:
            registrations.remove(client_id, name, authenticator_id)
        notify.notify_registration(
            'deleted', f'client_{name}', authenticator_id
        )
        return '', http.HTTPStatus.NO_CONTENT


def _target(client: dict[str, ty.Any]) -> dict[str, str]:
    return {
        'id': client['id'],
        'user_id': client['user']['id'],
        'user_domain_id': client['user']['domain']['id'],
        'project_id': client['project']['id'],
        'project_domain_id': client['project']['domain']['id'],
    }


def _page(
    shown: list[dict[str, ty.Any]], collection: str, url: str
) -> dict[str, ty.Any]:
    """Answer the part of a list that ``limit`` and ``marker`` ask for.

    :raises web.ValidationError: the limit is no number above 0, or nothing has
        the id that is the marker.
    """
    marker = flask.request.args.get('marker')
    limit = flask.request.args.get('limit')
    if marker is not None:
        ids = [one['id'] for one in shown]
        if marker not in ids:
            raise web.ValidationError('The marker is not in the list.')
        shown = shown[ids.index(marker) + 1 :]
    following = None
    if limit is not None:
        digits = limit.lstrip('0')
        if not digits or not limit.isascii() or not limit.isdigit():
            raise web.ValidationError('The limit must be a number above 0.')
        # Python converts no number of thousands of digits.
        size = int(digits[:9])
        if len(shown) > size:
            shown = shown[:size]
            following = f'{url}?limit={len(shown)}&marker={shown[-1]["id"]}'
    return {
        collection: shown,
        'links': {'self': url, 'next': following, 'previous': None},
    }
