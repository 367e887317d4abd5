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
_IDS = ('user_id', 'domain_id', 'project_id')

_Record = abc.Callable[[revocation_event.RevocationEvent], None]
_Method = abc.Callable[..., ty.Any]


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

        Calls ``register_event_callback``, and wraps methods that revoke tokens
        without a notification, or with one that does not say whose.
        """
        on = notifications.ACTIONS
        for action, resource, callback in (
            (on.deleted, 'application_credential', self._client_deleted),
            (on.deleted, 'domain', self._domain_changed),
            (on.deleted, 'role', self._role_deleted),
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
        wrapped = functools.partial
        revoke = PROVIDERS.revoke_api
        revoke.revoke = wrapped(self._revoke, revoke.revoke)
        assignment = PROVIDERS.assignment_api
        assignment.delete_grant = wrapped(
            self._delete_grant, assignment.delete_grant
        )
        assignment.delete_group_assignments = wrapped(
            self._delete_group, assignment.delete_group_assignments
        )
        federation = PROVIDERS.federation_api
        federation.delete_idp = wrapped(
            self._delete_provider, federation.delete_idp
        )
        federation.delete_protocol = wrapped(
            self._delete_provider, federation.delete_protocol
        )
        projects = PROVIDERS.resource_api
        projects.update_project = wrapped(
            self._update_project, projects.update_project
        )

    def _revoke(self, revoke: _Method, event: ty.Any) -> None:
        _explain()
        if event.audit_id is None:
            # What has changed cannot be changed again, so Keystone's own
            # event comes first.
            revoke(event)
            ids = {name: getattr(event, name) for name in _IDS}
            given = {name: value for name, value in ids.items() if value}
            if given:
                self._publish(**given)
            return
        token = _subject_token()
        # Others cannot be verified without Keystone anyway.
        if access_token.is_one(token):
            # First, since a token that is revoked cannot be revoked again.
            self._record(of(access_token.AccessToken.read(token)))
        revoke(event)

    def _delete_grant(
        self,
        delete: _Method,
        role_id: str,
        user_id: str | None = None,
        group_id: str | None = None,
        domain_id: str | None = None,
        project_id: str | None = None,
        inherited_to_projects: bool = False,
        **rest: ty.Any,
    ) -> None:
        _explain()
        target = {'domain_id': domain_id, 'project_id': project_id}
        delete(
            role_id,
            user_id=user_id,
            group_id=group_id,
            inherited_to_projects=inherited_to_projects,
            **target,
            **rest,
        )
        if user_id is not None:
            self._publish(user_id=user_id)
        else:
            inherited = {'inherited_to_projects': inherited_to_projects}
            self._publish(**_scope({**target, **inherited}))

    def _delete_group(self, delete: _Method, group_id: str) -> None:
        """Publish the scopes in which a group had roles.

        Keystone does not know all federated users who have them.
        """
        _explain()
        api = PROVIDERS.assignment_api
        scopes = {
            tuple(_scope(assignment).items())
            for assignment in api.list_role_assignments(group_id=group_id)
        }
        delete(group_id)
        for scope in scopes:
            if scope:
                self._publish(**dict(scope))

    def _delete_provider(self, delete: _Method, *arguments: ty.Any) -> None:
        delete(*arguments)
        # Its users may be in any domain.
        self._publish()

    def _update_project(
        self,
        update: _Method,
        project_id: str,
        project: dict[str, ty.Any],
        *arguments: ty.Any,
        **named: ty.Any,
    ) -> ty.Any:
        updated = update(project_id, project, *arguments, **named)
        if project.get('enabled') is False:
            # Keystone has announced it before it disabled those below.
            self._publish(project_id=project_id)
        return updated

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

    def _role_deleted(self, *_: ty.Any) -> None:
        # Tokens have names of roles only.
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


def _subject_token() -> str:
    return (flask.has_request_context() and presented.subject_token()) or ''


def _scope(assignment: abc.Mapping[str, ty.Any]) -> dict[str, str]:
    """Return the id that all tokens with an assignment of a group have.

    None have a role in a domain, unless projects inherit it, or in the system.
    """
    domain_id = assignment.get('domain_id')
    project_id = assignment.get('project_id')
    if project_id and assignment.get('inherited_to_projects'):
        # By those below it, which are in the same domain.
        project = PROVIDERS.resource_api.get_project(project_id)
        domain_id = project['domain_id'] or project_id
    if domain_id:
        return {'domain_id': domain_id}
    return {'project_id': project_id} if project_id else {}


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
    arguments = web.current_request().view_args or {}
    for name in _IDS:
        if name in arguments:
            return {name: arguments[name]}
    return {}
