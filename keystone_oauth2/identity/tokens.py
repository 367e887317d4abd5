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

"""Access tokens of Keystone's token provider (``keystone.token``).

This module implements :class:`keystone_oauth2.protocol.ports.TokenService`.
"""

import collections.abc as abc
import contextlib
import dataclasses
import datetime
import typing as ty

from keystone import exception
from keystone import notifications
from keystone.common import provider_api
from keystone.common import render_token
from keystone.models import revoke_model
from keystone.models import token_model
from oslo_config import cfg
from oslo_log import log
from oslo_utils import timeutils

from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import directory
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.identity import users
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients

LOG = log.getLogger(__name__)
PROVIDERS = provider_api.ProviderAPIs

# Positions in the result of a provider's ``validate_token``.
_CREDENTIAL_ID, _THUMBPRINT = 11, 12
#: Errors of Keystone that mean that a client must not get a token.
REFUSALS = (
    exception.Unauthorized,
    exception.Forbidden,
    exception.NotFound,
)
#: The provider's tokens are valid everywhere.
knows_resources = False


def issue(delegation: ports.Delegation) -> ports.IssuedToken:
    """Issue a token with the roles that are delegated.

    Calls ``TokenModel.mint`` for all its checks, and the provider's
    ``generate_id_and_issued_at``. ``token_provider_api.issue_token`` does the
    same, but reads user, project, domains and credential again.

    :raises ports.CannotBind: an application credential is to be bound to a
        certificate, and tokens of the provider, such as Fernet, cannot hold
        both.
    :raises ports.Refused: the user, the project or one of their domains is
        disabled or deleted, the user has no role there, or the user's rules
        for multi-factor authentication require other methods.
    """
    token = client_token.ClientToken(delegation)
    with refusing(delegation):
        token.issue()
    if delegation.application_credential_id and token.oauth2_thumbprint:
        _check_binding(token)
    return issued(token, delegation)


@contextlib.contextmanager
def refusing(delegation: ports.Delegation) -> abc.Iterator[None]:
    """Raise Keystone's refusals as ours.

    :raises ports.Refused: instead.
    """
    try:
        yield
    except REFUSALS as error:
        raise _refused(delegation, str(error)) from error


def issued(
    token: client_token.ClientToken,
    delegation: ports.Delegation,
    *,
    is_jwt: bool = False,
) -> ports.IssuedToken:
    """Return a token that has been minted.

    :raises ports.Refused: it would be valid for less than a second.
    """
    result = ports.IssuedToken(
        value=token.id,
        audit_id=token.audit_id,
        expires_in=_seconds_left(token.end),
        roles=tuple(role['name'] for role in token.roles),
        is_jwt=is_jwt,
    )
    # Keystone truncates the expiration of a token to whole seconds.
    if result.expires_in < 1:
        raise _refused(delegation, 'the credential expires within a second')
    return result


def describe(client: clients.AuthenticatedClient) -> messages.Caller:
    """Return a client with the roles that its token would carry.

    :raises ports.Refused: as for a token.
    """
    delegation = ports.Delegation.to(client)
    token = client_token.ClientToken(delegation)
    with refusing(delegation):
        token.mint('', '')
        return messages.Caller(
            user_id=delegation.user_id,
            user_domain_id=token.user['domain_id'],
            roles=_usable_roles(token),
            client_id=client.id,
            authentication_method=client.method,
            project_id=delegation.project_id,
            project_domain_id=users.domain_of_project(delegation.project_id),
        )


def _usable_roles(token: token_model.TokenModel) -> tuple[str, ...]:
    # Access rules list the only requests that a credential may be used for,
    # and cannot include these. Without roles, it can still see its own tokens.
    credential_id = token.application_credential_id
    if credential_id and _has_access_rules(credential_id):
        return ()
    return tuple(role['name'] for role in token.roles)


def _has_access_rules(credential_id: str) -> bool:
    api = PROVIDERS.application_credential_api
    credential = api.get_application_credential(credential_id)
    return bool(credential.get('access_rules'))


def _refused(delegation: ports.Delegation, reason: str) -> ports.Refused:
    return ports.Refused(f'client {delegation.client_id}: {reason}')


def _check_binding(token: token_model.TokenModel) -> None:
    # A provider silently drops fields that its token format cannot hold.
    read = PROVIDERS.token_provider_api.driver.validate_token(token.id)
    credential_id, thumbprint = read[_CREDENTIAL_ID], read[_THUMBPRINT]
    if (credential_id, thumbprint) != (
        token.application_credential_id,
        token.oauth2_thumbprint,
    ):
        raise ports.CannotBind(
            'tokens of the provider cannot hold both an application '
            'credential and a thumbprint'
        )


def validate(value: str) -> claims.Claims | None:
    """Validate a token as ``GET /v3/auth/tokens`` does.

    Calls ``token_provider_api.validate_token``. The caller must check the
    access rules.

    :param value: any text.
    """
    if not _is_token_shaped(value) or _has_unknown_key(value):
        return None
    try:
        token = PROVIDERS.token_provider_api.validate_token(
            value,
            access_rules_support=token_model.ACCESS_RULES_MIN_VERSION,
        )
        rendered = render_token.render_token_response_from_model(
            token, include_catalog=False
        )
    except exception.Error as error:
        if directory.outage(error):
            raise
        LOG.debug('Token is not valid: %s', type(error).__name__)
        return None
    described = _described(token, rendered['token'])
    if not access_token.is_one(value):
        return described
    # A token from the cache of an older node has no further attributes.
    signed = access_token.AccessToken.read(value)
    return dataclasses.replace(
        described,
        audience=signed.audience,
        confirmation=signed.confirmation,
    )


def revoke(token: claims.Claims) -> None:
    """Revoke a token and those derived from it, but not its siblings.

    Calls ``revoke_api.revoke``. Tokens derived from a token have its audit id
    at the end of their audit chain.
    """
    # By default, an event applies to tokens issued until now: a token from a
    # node whose clock is ahead would remain valid.
    end = datetime.datetime.fromtimestamp(
        token.expires_at, datetime.timezone.utc
    ).replace(tzinfo=None)
    names = ['audit_id']
    # Keystone checks events with a chain against every token, and no tokens
    # can be derived from a client's.
    if token.client_id is None:
        names.append('audit_chain_id')
    for name in names:
        PROVIDERS.revoke_api.revoke(
            revoke_model.RevokeEvent(
                issued_before=end, **{name: token.audit_id}
            )
        )
    notifications.invalidate_token_cache_notification('OAuth 2.0 revocation')


def is_revoked(token: token_model.TokenModel) -> bool:
    """Whether a token has been revoked, bypassing Keystone's cache.

    Calls ``revoke_api.check_token``, which reads the database.
    """
    try:
        PROVIDERS.revoke_api.check_token(
            revoke_model.build_token_values(token)
        )
    except exception.TokenNotFound:
        return True
    return False


def _has_unknown_key(value: str) -> bool:
    # Keystone may remember a token whose key was removed in an emergency.
    if not access_token.is_one(value):
        return False
    keys = signing_key_repository.configured(cfg.CONF).load()
    return keys.find(access_token.key_id(value)) is None


def _is_token_shaped(value: str) -> bool:
    return value.isascii() and value.isprintable() and ' ' not in value


def confirmations(
    auth_context: abc.Mapping[str, ty.Any], further: abc.Iterable[str]
) -> set[confirmation.Confirmation]:
    """Return what the tokens of a request are bound to.

    :param auth_context: with the token in ``X-Auth-Token``, if any.
    :param further: other tokens of the request, which may be invalid.
    """
    found = {_confirmation(auth_context.get('token'))}
    found.update(_confirmation(_token(value)) for value in further)
    return {bound_to for bound_to in found if bound_to is not None}


def _token(value: str) -> token_model.TokenModel | None:
    # Just as Keystone will: it takes a token with blanks in it, for example.
    # What is not even text for it, such as half of a surrogate pair, it will
    # refuse itself, if it reads it at all.
    try:
        return PROVIDERS.token_provider_api.validate_token(
            value, access_rules_support=token_model.ACCESS_RULES_MIN_VERSION
        )
    except (exception.Error, UnicodeError) as error:
        if directory.outage(error):
            raise
        return None


def _confirmation(
    token: token_model.TokenModel | None,
) -> confirmation.Confirmation | None:
    """Return what a token is bound to; None if it is not.

    A token that a certificate was used for, but that has no thumbprint, is
    bound to a certificate that no client has.
    """
    if token is None:
        return None
    # Tokens from a cache that an older Keystone filled lack the attribute.
    thumbprint: str | None = getattr(token, 'oauth2_thumbprint', None)
    if thumbprint is None and client_token.CERTIFICATE_METHOD in token.methods:
        thumbprint = ''
    if thumbprint is None:
        return None
    return confirmation.Confirmation(thumbprint)


def client_id(token: token_model.TokenModel) -> str | None:
    """Return the client that a token was issued to, or None.

    The id has its stored spelling. Some databases ignore case and trailing
    spaces when they find a credential, and the token has the request's
    spelling.
    """
    if token.application_credential_id:
        stored: str = token.application_credential['id']
        return stored
    if client_token.CERTIFICATE_METHOD in token.methods:
        return token.user_id
    return None


def _described(
    token: token_model.TokenModel, rendered: dict[str, ty.Any]
) -> claims.Claims:
    user = rendered['user']
    project = rendered.get('project')
    domain = rendered.get('domain')
    credential = rendered.get('application_credential', {})
    rules = credential.get('access_rules')
    return claims.Claims(
        audit_id=token.audit_id,
        client_id=client_id(token),
        user_id=user['id'],
        user_name=user['name'],
        user_domain=_domain(user['domain']),
        issued_at=_epoch(rendered['issued_at']),
        expires_at=_epoch(rendered['expires_at']),
        roles=tuple(role['name'] for role in rendered.get('roles', ())),
        project=project
        and claims.Project(
            project['id'], project['name'], _domain(project['domain'])
        ),
        domain=domain and _domain(domain),
        is_system='system' in rendered,
        is_admin_project=rendered.get('is_admin_project'),
        access_rules=None if rules is None else tuple(rules),
        confirmation=_confirmation(token),
    )


def _domain(domain: abc.Mapping[str, str]) -> claims.Domain:
    return claims.Domain(domain['id'], domain['name'])


def _epoch(text: str) -> int:
    moment = timeutils.normalize_time(timeutils.parse_isotime(text))
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


def _seconds_left(end: datetime.datetime) -> int:
    left: datetime.timedelta = end - timeutils.utcnow()
    return max(0, int(left.total_seconds()))
