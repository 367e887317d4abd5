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

"""What Keystone revokes, for services that verify JWT access tokens.

Keystone's own list of revocations lacks what it finds out at each validation:
that a credential is deleted, a project disabled, or a role taken away. This
follows from its notifications (``keystone.notifications``), and from the calls
of some methods of its managers.
"""

import collections.abc as abc
import dataclasses
import datetime
import functools
import typing as ty

import flask
from keystone import exception
from keystone import notifications
from keystone.common import provider_api
from oslo_config import cfg
from oslo_utils import timeutils

from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import revocation_event

PROVIDERS = provider_api.ProviderAPIs

#: The resource of Keystone's notification that a client's token was revoked.
TOKEN = 'oauth2_access_token'  # nosec B105
_IDS = ('user_id', 'domain_id', 'project_id')
# Members of Keystone's events that are about other tokens, or about one.
_OF_CERTAIN_TOKENS = (
    'audit_id',
    'audit_chain_id',
    'consumer_id',
    'trust_id',
)

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
    """Return the event that revokes one token.

    :param token: a verified one.
    """
    event = until_now(audit_id=token.audit_id, user_id=token.user_id)
    end = client_token.moment(token.expires_at) + revocation_event.MARGIN
    return dataclasses.replace(event, expires_at=min(end, event.expires_at))


class Watcher:
    """Records an event for each change by which Keystone revokes tokens.

    :param record: stores it.
    """

    def __init__(self, record: _Record) -> None:
        self._record = record

    def register(self) -> None:
        """Have Keystone call this object."""
        self._subscribe()
        self._wrap_managers()

    def _subscribe(self) -> None:
        """Call ``register_event_callback``."""
        on = notifications.ACTIONS
        for action, resource, callback in (
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

    def _wrap_managers(self) -> None:
        """Wrap methods without a notification that says whose tokens it is."""
        credentials = PROVIDERS.application_credential_api
        credentials.delete_application_credential = functools.partial(
            self._delete_credential, credentials.delete_application_credential
        )
        assignment = PROVIDERS.assignment_api
        assignment.delete_grant = functools.partial(
            self._delete_grant, assignment.delete_grant
        )
        assignment.delete_group_assignments = functools.partial(
            self._delete_group, assignment.delete_group_assignments
        )
        federation = PROVIDERS.federation_api
        federation.delete_idp = functools.partial(
            self._delete_provider, federation.delete_idp
        )
        federation.delete_protocol = functools.partial(
            self._delete_provider, federation.delete_protocol
        )
        projects = PROVIDERS.resource_api
        projects.update_project = functools.partial(
            self._update_project, projects.update_project
        )
        revocations = PROVIDERS.revoke_api
        revocations.revoke = functools.partial(
            self._revoke, revocations.revoke
        )
        tokens = PROVIDERS.token_provider_api
        tokens.revoke_token = functools.partial(
            self._revoke_token, tokens.revoke_token
        )

    def _revoke_token(
        self,
        revoke: _Method,
        token_id: str,
        *arguments: ty.Any,
        **named: ty.Any,
    ) -> ty.Any:
        # Others cannot be verified without Keystone anyway.
        if access_token.is_one(token_id):
            PROVIDERS.token_provider_api.validate_token(token_id)
            # First, since a token that is revoked cannot be revoked again.
            self._record(of(access_token.AccessToken.read(token_id)))
        return revoke(token_id, *arguments, **named)

    def _revoke(self, revoke: _Method, event: ty.Any) -> None:
        """Publish Keystone's event, unless it is about certain tokens only.

        What has changed cannot be changed again, so Keystone's comes first.
        """
        _explain()
        revoke(event)
        if any(getattr(event, name) for name in _OF_CERTAIN_TOKENS):
            return
        ids = {name: getattr(event, name) for name in _IDS}
        given = {name: value for name, value in ids.items() if value}
        if given:
            self._publish(**given)

    def _delete_credential(
        self,
        delete: _Method,
        application_credential_id: str,
        *arguments: ty.Any,
        **named: ty.Any,
    ) -> None:
        api = PROVIDERS.application_credential_api
        owner = api.get_application_credential(application_credential_id)
        delete(application_credential_id, *arguments, **named)
        self._publish(
            client_id=application_credential_id, user_id=owner['user_id']
        )

    def _delete_grant(
        self,
        delete: _Method,
        role_id: str,
        user_id: str | None = None,
        group_id: str | None = None,
        domain_id: str | None = None,
        project_id: str | None = None,
        inherited_to_projects: bool = False,
        *arguments: ty.Any,
        **named: ty.Any,
    ) -> None:
        _explain()
        delete(
            role_id,
            user_id,
            group_id,
            domain_id,
            project_id,
            inherited_to_projects,
            *arguments,
            **named,
        )
        if user_id is not None:
            self._publish(user_id=user_id)
            return
        self._publish_scope(
            {
                'domain_id': domain_id,
                'project_id': project_id,
                'inherited_to_projects': inherited_to_projects,
            }
        )

    def _delete_group(self, delete: _Method, group_id: str) -> None:
        """Publish the scopes in which a group had roles.

        Keystone does not know all federated users who have them.
        """
        _explain()
        api = PROVIDERS.assignment_api
        assignments = api.list_role_assignments(group_id=group_id)
        delete(group_id)
        for assignment in assignments:
            self._publish_scope(assignment)

    def _publish_scope(self, assignment: abc.Mapping[str, ty.Any]) -> None:
        """Publish the id that all tokens with a role of a group have.

        None have a role in a domain, unless projects inherit it, or in the
        system.
        """
        domain_id = assignment.get('domain_id')
        project_id = assignment.get('project_id')
        if project_id and assignment.get('inherited_to_projects'):
            # By those below it, which are in the same domain.
            domain_id = _domain_of(project_id)
        if domain_id:
            self._publish(domain_id=domain_id)
        elif project_id:
            self._publish(project_id=project_id)

    def _delete_provider(
        self, delete: _Method, *arguments: ty.Any, **named: ty.Any
    ) -> None:
        delete(*arguments, **named)
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
        """Publish what the URL says has changed, since Keystone does not.

        Without an id there, it is all tokens, unless this request has already
        published what it revoked: that of a federated user who has logged in
        with other groups, for example.
        """
        ids = _ids_in_url()
        if ids or not _is_explained():
            self._publish(**ids)

    def _publish(self, **ids: str) -> None:
        self._record(until_now(**ids))


def _resource(arguments: tuple[ty.Any, ...]) -> ty.Any:
    *_, payload = arguments
    return payload['resource_info']


def _domain_of(project_id: str) -> str | None:
    try:
        project = PROVIDERS.resource_api.get_project(project_id)
    except exception.ProjectNotFound:
        return None
    # A domain is a project as well.
    domain_id: str = project['domain_id'] or project_id
    return domain_id


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
