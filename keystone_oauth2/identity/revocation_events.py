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

"""What Keystone revokes, for those who verify JWT access tokens themselves.

Keystone's own list of revocations lacks what it finds out at each validation:
that a credential is deleted, a project disabled, or a role taken away. This
follows from its notifications (``keystone.notifications``).
"""

import collections.abc as abc
import dataclasses
import datetime
import functools
import typing as ty

import flask
from keystone import notifications
from keystone.common import provider_api
from oslo_config import cfg
from oslo_utils import timeutils

from keystone_oauth2.identity import presented
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import revocation_event

PROVIDERS = provider_api.ProviderAPIs

#: The resource of Keystone's notification that a client's token was revoked.
TOKEN = 'oauth2_access_token'  # nosec B105
_INHERITED = '/inherited_to_projects'
_IDS = ('user_id', 'domain_id', 'project_id')

_Record = abc.Callable[[revocation_event.RevocationEvent], None]


def until_now(**ids: str) -> revocation_event.RevocationEvent:
    """Return the event that revokes what was issued until now.

    :param ids: that the tokens have; see
        :class:`.revocation_event.RevocationEvent`.
    """
    now = timeutils.utcnow().replace(microsecond=0)
    end = now + revocation_event.MARGIN
    longest = datetime.timedelta(seconds=cfg.CONF.token.expiration)
    return revocation_event.RevocationEvent(
        issued_before=end, expires_at=end + longest, **ids
    )


def of(
    token: access_token.AccessToken | claims.Claims,
) -> revocation_event.RevocationEvent:
    """Return the event that revokes one token."""
    end = datetime.datetime.fromtimestamp(
        token.expires_at, datetime.timezone.utc
    ).replace(tzinfo=None)
    return dataclasses.replace(
        until_now(audit_id=token.audit_id, user_id=token.user_id),
        expires_at=end + revocation_event.MARGIN,
    )


class Watcher:
    """Records an event for each change by which Keystone revokes tokens.

    :param record: stores it.
    """

    def __init__(self, record: _Record) -> None:
        self._record = record

    def register(self) -> None:
        """Have Keystone call this object.

        Calls ``register_event_callback``, and wraps ``revoke_api.revoke``, by
        which Keystone revokes tokens of its own accord.
        """
        on = notifications.ACTIONS
        for action, resource, callback in (
            (on.deleted, 'application_credential', self._client_deleted),
            (on.deleted, 'domain', self._domain_changed),
            (on.deleted, 'group', self._anything_changed),
            (on.deleted, 'role', self._anything_changed),
            (on.disabled, 'domain', self._domain_changed),
            (on.disabled, 'project', self._project_disabled),
            (on.internal, TOKEN, self._token_revoked),
            (
                on.internal,
                notifications.REMOVE_APP_CREDS_FOR_USER,
                self._role_removed,
            ),
            (
                on.internal,
                notifications.INVALIDATE_TOKEN_CACHE,
                self._cache_invalidated,
            ),
        ):
            notifications.register_event_callback(action, resource, callback)
        api = PROVIDERS.revoke_api
        api.revoke = functools.partial(self._revoke, api.revoke)

    def _revoke(self, revoke: abc.Callable[..., None], event: ty.Any) -> None:
        _explain()
        ours = _translate(event)
        if ours is not None:
            # First, since a token that is revoked cannot be revoked again.
            self._record(ours)
        revoke(event)

    def _client_deleted(self, *arguments: ty.Any) -> None:
        self._publish(client_id=_resource(arguments))

    def _domain_changed(self, *arguments: ty.Any) -> None:
        self._publish(domain_id=_resource(arguments))

    def _project_disabled(self, *arguments: ty.Any) -> None:
        self._publish(project_id=_resource(arguments))

    def _token_revoked(self, *arguments: ty.Any) -> None:
        self._record(_resource(arguments))

    def _role_removed(self, *arguments: ty.Any) -> None:
        # The role may be inherited to other projects.
        self._publish(user_id=_resource(arguments)['user_id'])

    def _anything_changed(self, *_: ty.Any) -> None:
        self._publish()

    def _cache_invalidated(self, *_: ty.Any) -> None:
        """Keystone does not say what has changed, but the URL may.

        Nor may the URL, if a request has revoked something before: a
        federated user has logged in with other groups, for example.
        """
        ids = _ids_in_url()
        if ids or not _is_explained():
            self._publish(**ids)

    def _publish(self, **ids: str) -> None:
        self._record(until_now(**ids))


def _resource(arguments: tuple[ty.Any, ...]) -> ty.Any:
    *_, payload = arguments
    return payload['resource_info']


def _translate(
    event: ty.Any,
) -> revocation_event.RevocationEvent | None:
    """Return our event for one of Keystone's; None if it concerns no JWT."""
    if event.audit_id is not None:
        in_request = flask.has_request_context()
        token = (in_request and presented.subject_token()) or ''
        # Others cannot be verified without Keystone anyway.
        if not access_token.is_one(token):
            return None
        return of(access_token.AccessToken.read(token))
    ids = {name: getattr(event, name) for name in _IDS}
    given = {name: value for name, value in ids.items() if value is not None}
    return until_now(**given) if given else None


def _explain() -> None:
    if flask.has_request_context():
        flask.g.oauth2_revocation_is_explained = True


def _is_explained() -> bool:
    return flask.has_request_context() and hasattr(
        flask.g, 'oauth2_revocation_is_explained'
    )


def _ids_in_url() -> dict[str, str]:
    """Return the id that all tokens concerned by a request have, if any."""
    if not flask.has_request_context():
        return {}
    request = web.current_request()
    arguments = request.view_args or {}
    for name in _IDS:
        # What is inherited from a project concerns those below it.
        is_inherited = name == 'project_id' and _INHERITED in request.path
        if name in arguments and not is_inherited:
            return {name: arguments[name]}
    return {}
