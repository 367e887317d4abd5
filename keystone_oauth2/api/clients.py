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
import re
import typing as ty

import flask
from oslo_log import log

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.db import registrations
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import clients
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import revocation_watcher
from keystone_oauth2.identity import validation
from keystone_oauth2.identity import web
from keystone_oauth2.policies import client as rules
from keystone_oauth2.protocol.clients import registration

LOG = log.getLogger(__name__)

Client = dict[str, ty.Any]
Method = abc.Callable[..., ty.Any]
Authenticators = abc.Iterable[registration.Authenticator]

_BOOLEANS = {'false': False, 'true': True}
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


class _Resource(web.ResourceBase):
    """Common parts of the resources.

    :param server: shows clients and their authenticators.
    :param kind: of the authenticators; None for the client itself.
    """

    # The first one is the innermost.
    method_decorators = [_no_store, _translate_errors, _check_ids]

    def __init__(
        self,
        server: authenticators.Clients,
        kind: authenticators.Kind | None = None,
    ) -> None:
        self._server = server
        self._kind = ty.cast(authenticators.Kind, kind)

    def _permitted(self, rule: str, client_id: str) -> Client:
        """Return the client, if the caller is allowed to see it.

        :raises web.Error: the caller is not allowed.
        :raises registration.UnknownClient: there is no such client.
        """
        client = _enforced(rule, client_id)
        callers.check_reader(web.auth_context())
        if client is None:
            raise registration.UnknownClient
        return client

    def _body(self) -> ty.Any:
        try:
            body = flask.request.get_json(force=True, silent=True)
        except RecursionError as error:
            raise web.ValidationError(
                'The body is nested too deeply.'
            ) from error
        if not isinstance(body, dict):
            raise web.ValidationError('The body is not a JSON object.')
        return body

    def _url(self, client_id: str) -> str:
        return web.base_url(f'/OS-OAUTH2/clients/{client_id}')


class ClientResource(_Resource):
    """A client."""

    def get(self, client_id: str) -> ty.Any:
        """Show it with its methods and authenticators."""
        client = self._permitted(rules.GET, client_id)
        return self._show(client)

    def patch(self, client_id: str) -> ty.Any:
        """Set the methods that it may use."""
        client = _enforced(rules.UPDATE, client_id)
        authority = callers.authorize_update(web.auth_context(), client)
        body = self._body()
        validation.validate(_methods_schema(self._server.registrable), body)
        methods = body['client']['authentication_methods']
        registrations.set_methods(
            client_id,
            None if methods is None else frozenset(methods),
            authority,
            self._server.accepting,
        )
        notify.notify_registration('updated', 'client', client_id)
        return self._show(ty.cast(Client, client))

    def _show(self, client: Client) -> ty.Any:
        url = self._url(client['id'])
        return {'client': self._server.show_client(client, url)}


class AuthenticatorsResource(_Resource):
    """The authenticators of a kind."""

    def get(self, client_id: str) -> ty.Any:
        """List them."""
        rule = rules.OF_KIND[self._kind.name].LIST
        client = self._permitted(rule, client_id)
        url = self._url(client_id)
        shown = self._server.show_all(self._kind, client, url)
        return _page(
            shown, self._kind.collection, f'{url}/{self._kind.collection}'
        )

    def post(self, client_id: str) -> ty.Any:
        """Register an authenticator, or the new keys of a set.

        For a set, status 200 means that it has no new keys.
        """
        rule = rules.OF_KIND[self._kind.name].CREATE
        client = _enforced(rule, client_id)
        authority = callers.authorize_registration(web.auth_context(), client)
        body = self._body()
        requested, once = self._kind.read(body, client_id)
        is_set = 'jwks' in body[self._kind.name]
        registered, new_ids = registrations.add(
            client_id,
            [new.ending_by(authority.ends_at) for new in requested],
            self._server.limit,
            authority,
            keep_known=is_set,
        )
        _notify_created(registered, new_ids)
        shown = self._show(client_id, registered)
        status = http.HTTPStatus.CREATED if new_ids else http.HTTPStatus.OK
        if is_set:
            return {self._kind.collection: shown, **once}, status
        return {self._kind.name: {**shown[0], **once}}, status

    def _show(
        self, client_id: str, registered: Authenticators
    ) -> list[authenticators.Shown]:
        url = self._url(client_id)
        return [
            self._server.show(self._kind, authenticator, url)
            for authenticator in registered
        ]


class AuthenticatorResource(_Resource):
    """One authenticator."""

    def get(self, client_id: str, authenticator_id: str) -> ty.Any:
        """Show it."""
        rule = rules.OF_KIND[self._kind.name].GET
        client = self._permitted(rule, client_id)
        url = self._url(client_id)
        for shown in self._server.show_all(self._kind, client, url):
            if shown['id'] == authenticator_id:
                return {self._kind.name: shown}
        raise registration.UnknownAuthenticator

    def delete(self, client_id: str, authenticator_id: str) -> ty.Any:
        """Remove it, or retire the application credential's own secret.

        With ``revoke_tokens``, the tokens of the client are revoked as well.
        """
        rule = rules.OF_KIND[self._kind.name].DELETE
        client = _enforced(rule, client_id)
        authority = callers.authorize_removal(web.auth_context(), client)
        event = None
        if self._is_to_revoke_tokens() and client is not None:
            event = functools.partial(
                revocation_watcher.until_now,
                client_id=client_id,
                user_id=client['user']['id'],
            )
        name = self._kind.name
        if name == registration.SECRET and authenticator_id == client_id:
            registrations.retire_secret(
                client_id, authority, self._server.accepting, event
            )
        else:
            registrations.remove(
                client_id,
                name,
                authenticator_id,
                authority,
                self._server.accepting,
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
        if _BOOLEANS[value] and not self._server.can_revoke_tokens:
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


def _enforced(rule: str, client_id: str) -> Client | None:
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
