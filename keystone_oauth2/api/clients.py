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

"""``/v3/OS-OAUTH2/clients/{client_id}`` and the URLs below it.

Unlike the protocol endpoints, these resources follow Keystone's conventions:
they require a token, and their errors have Keystone's format.
"""

import collections.abc as abc
import functools
import http
import typing as ty

import flask

from keystone_oauth2.api import client_resource
from keystone_oauth2.api import kinds
from keystone_oauth2.db import registrations
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import revocation_watcher
from keystone_oauth2.identity import validation
from keystone_oauth2.identity import web
from keystone_oauth2.policies import client as rules
from keystone_oauth2.policies import client_authenticator
from keystone_oauth2.protocol.clients import registration

Authenticators = abc.Iterable[registration.Authenticator]

_BOOLEANS = {'false': False, 'true': True}


class ClientResource(client_resource.Resource):
    """A client."""

    def get(self, client_id: str) -> ty.Any:
        """Show it with its methods and authenticators."""
        client = self.permitted(rules.GET, client_id)
        return self._show(client)

    def patch(self, client_id: str) -> ty.Any:
        """Set the methods that it may use."""
        client = client_resource.enforced(rules.UPDATE, client_id)
        authority = callers.authorize_update(web.auth_context(), client)
        body = self.body()
        validation.validate(_methods_schema(self.server.registrable), body)
        methods = body['client']['authentication_methods']
        registrations.set_methods(
            client_id,
            None if methods is None else frozenset(methods),
            authority,
            self.server.accepting,
        )
        notify.notify_registration('updated', 'client', client_id)
        return self._show(ty.cast(client_resource.Client, client))

    def _show(self, client: client_resource.Client) -> ty.Any:
        url = self.url(client['id'])
        return {'client': self.server.show_client(client, url)}


class AuthenticatorsResource(client_resource.Resource):
    """The authenticators of a kind."""

    def get(self, client_id: str) -> ty.Any:
        """List them."""
        rule = client_authenticator.OF_KIND[self.kind.name].list
        client = self.permitted(rule, client_id)
        url = self.url(client_id)
        shown = self.server.show_all(self.kind, client, url)
        return _page(
            shown, self.kind.collection, f'{url}/{self.kind.collection}'
        )

    def post(self, client_id: str) -> ty.Any:
        """Register an authenticator, or the new keys of a set.

        For a set, status 200 means that it has no new keys.
        """
        rule = client_authenticator.OF_KIND[self.kind.name].create
        client = client_resource.enforced(rule, client_id)
        authority = callers.authorize_registration(web.auth_context(), client)
        body = self.body()
        requested, once = self.kind.read(body, client_id)
        is_set = 'jwks' in body[self.kind.name]
        registered, new_ids = registrations.add(
            client_id,
            [new.ending_by(authority.ends_at) for new in requested],
            self.server.limit,
            authority,
            keep_known=is_set,
        )
        _notify_created(registered, new_ids)
        shown = self._show(client_id, registered)
        status = http.HTTPStatus.CREATED if new_ids else http.HTTPStatus.OK
        if is_set:
            return {self.kind.collection: shown, **once}, status
        return {self.kind.name: {**shown[0], **once}}, status

    def _show(
        self, client_id: str, registered: Authenticators
    ) -> list[kinds.Shown]:
        url = self.url(client_id)
        return [
            self.server.show(self.kind, authenticator, url)
            for authenticator in registered
        ]


class AuthenticatorResource(client_resource.Resource):
    """One authenticator."""

    def get(self, client_id: str, authenticator_id: str) -> ty.Any:
        """Show it."""
        rule = client_authenticator.OF_KIND[self.kind.name].get
        client = self.permitted(rule, client_id)
        url = self.url(client_id)
        for shown in self.server.show_all(self.kind, client, url):
            if shown['id'] == authenticator_id:
                return {self.kind.name: shown}
        raise registration.UnknownAuthenticator

    def delete(self, client_id: str, authenticator_id: str) -> ty.Any:
        """Remove it, or retire the application credential's own secret.

        With ``revoke_tokens``, the tokens of the client are revoked as well.
        """
        rule = client_authenticator.OF_KIND[self.kind.name].delete
        client = client_resource.enforced(rule, client_id)
        authority = callers.authorize_removal(web.auth_context(), client)
        event = None
        if self._is_to_revoke_tokens() and client is not None:
            event = functools.partial(
                revocation_watcher.until_now,
                client_id=client_id,
                user_id=client['user']['id'],
            )
        name = self.kind.name
        if name == registration.SECRET and authenticator_id == client_id:
            registrations.retire_secret(
                client_id, authority, self.server.accepting, event
            )
        else:
            registrations.remove(
                client_id,
                name,
                authenticator_id,
                authority,
                self.server.accepting,
                event,
            )
        notify.notify_registration(
            'deleted', f'client_{name}', authenticator_id
        )
        return '', http.HTTPStatus.NO_CONTENT

    def _is_to_revoke_tokens(self) -> bool:
        value = flask.request.args.get('revoke_tokens', 'false')
        if value not in _BOOLEANS:
            raise web.ValidationError('revoke_tokens must be true or false.')
        if _BOOLEANS[value] and not self.server.can_revoke_tokens:
            raise web.ValidationError(
                'revoke_tokens needs JWT access tokens, which this Keystone '
                'does not have: delete the application credential instead.'
            )
        return _BOOLEANS[value]


def _methods_schema(names: abc.Iterable[str]) -> dict[str, ty.Any]:
    methods = {
        'type': ['array', 'null'],
        'items': {'enum': sorted(names)},
        'minItems': 1,
        'uniqueItems': True,
    }
    return _object(client=_object(authentication_methods=methods))


def _object(**properties: ty.Any) -> dict[str, ty.Any]:
    return {
        'type': 'object',
        'properties': properties,
        'required': list(properties),
        'additionalProperties': False,
    }


def _notify_created(
    registered: Authenticators, new_ids: abc.Container[str]
) -> None:
    for authenticator in registered:
        if authenticator.id in new_ids:
            notify.notify_registration(
                'created', f'client_{authenticator.kind}', authenticator.id
            )


def _page(
    shown: list[dict[str, ty.Any]], collection: str, url: str
) -> dict[str, ty.Any]:
    """Return the part of a list that ``limit`` and ``marker`` select.

    Keystone's ``wrap_collection`` leaves the marker to a driver, puts the
    query and an unescaped ``Host`` into the links, and fails on a limit that
    is not a number.

    :raises web.ValidationError: the limit is not a positive number, or the
        marker is not in the list.
    """
    rest = _after_marker(shown)
    size = _limit()
    following = None
    if size is not None and len(rest) > size:
        rest = rest[:size]
        following = f'{url}?limit={len(rest)}&marker={rest[-1]["id"]}'
    return {
        collection: rest,
        'links': {'self': url, 'next': following, 'previous': None},
    }


def _after_marker(shown: list[dict[str, ty.Any]]) -> list[dict[str, ty.Any]]:
    marker = flask.request.args.get('marker')
    if marker is None:
        return shown
    ids = [item['id'] for item in shown]
    if marker not in ids:
        raise web.ValidationError('The marker is not in the list.')
    return shown[ids.index(marker) + 1 :]


def _limit() -> int | None:
    limit = flask.request.args.get('limit')
    if limit is None:
        return None
    digits = limit.lstrip('0')
    if not digits or not limit.isascii() or not limit.isdigit():
        raise web.ValidationError('The limit must be a positive number.')
    # Python refuses to convert thousands of digits.
    return int(digits[:9])
