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

:class:`Tokens` implements :class:`.protocol.ports.TokenService`.
"""

import collections.abc as abc
import contextlib
import dataclasses
import datetime

from keystone import exception
from keystone import notifications
from keystone.common import provider_api
from keystone.common import render_token
from keystone.models import revoke_model
from keystone.models import token_model
from oslo_log import log
from oslo_utils import timeutils

from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import directory
from keystone_oauth2.identity import jwt_validity
from keystone_oauth2.identity import revocation_watcher
from keystone_oauth2.identity import token_models
from keystone_oauth2.identity import users
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import claims
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


class Tokens:
    """Issues tokens of the provider, and validates all that Keystone accepts.

    :param validity: checks JWT access tokens; None if there are none.
    """

    #: The provider's tokens are valid everywhere.
    knows_resources = False

    def __init__(self, validity: jwt_validity.Validity | None = None) -> None:
        self._validity = validity

    def issue(self, delegation: ports.Delegation) -> ports.IssuedToken:
        """Issue a token with the roles that are delegated.

        Calls ``TokenModel.mint`` for all its checks, and the provider's
        ``generate_id_and_issued_at``. ``token_provider_api.issue_token`` does
        the same, but reads user, project, domains and credential again.

        :raises ports.CannotBind: an application credential is to be bound to a
            certificate, and tokens of the provider, such as Fernet, cannot
            hold both.
        :raises ports.Refused: the user, the project or one of their domains is
            disabled or deleted, the user has no role there, or the user's
            rules for multi-factor authentication require other methods.
        """
        token = client_token.ClientToken(delegation)
        with refusing(delegation):
            token.issue()
        if delegation.application_credential_id and token.oauth2_thumbprint:
            _check_binding(token)
        return issued(token, delegation)

    @staticmethod
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
                project_domain_id=users.domain_of_project(
                    delegation.project_id
                ),
            )

    def validate(self, value: str) -> claims.Claims | None:
        """Validate a token as ``GET /v3/auth/tokens`` does.

        The caller must check the access rules.

        :param value: any text.
        """
        if not _is_token_shaped(value):
            return None
        if self._validity is None or not access_token.is_one(value):
            return _validate(value)
        signed = self._validity.read(value)
        if signed is None:
            return None
        described = _validate(value)
        if described is None:
            return None
        # A token from the cache of an older node has no further attributes.
        return dataclasses.replace(
            described,
            audience=signed.audience,
            confirmation=signed.confirmation,
        )

    @staticmethod
    def revoke(token: claims.Claims) -> None:
        """Revoke a token and those derived from it, but not its siblings.

        Calls ``revoke_api.revoke``. Tokens derived from a token have its audit
        id at the end of their audit chain.
        """
        if token.audience:
            # First, since a token that is revoked cannot be revoked again.
            notifications.Audit.internal(
                revocation_watcher.TOKEN, revocation_watcher.of(token)
            )
        # By default, an event applies to tokens issued until now: a token from
        # a node whose clock is ahead would remain valid.
        end = client_token.moment(token.expires_at)
        names = ['audit_id']
        # Keystone checks events with a chain against every token, and no
        # tokens can be derived from a client's.
        if token.client_id is None:
            names.append('audit_chain_id')
        for name in names:
            PROVIDERS.revoke_api.revoke(
                revoke_model.RevokeEvent(
                    issued_before=end, **{name: token.audit_id}
                )
            )
        notifications.invalidate_token_cache_notification(
            'OAuth 2.0 revocation'
        )


def _validate(value: str) -> claims.Claims | None:
    """Return what a token says, or None.

    Calls ``token_provider_api.validate_token``.
    """
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
    return token_models.describe(token, rendered['token'])


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


def _is_token_shaped(value: str) -> bool:
    return value.isascii() and value.isprintable() and ' ' not in value


def _seconds_left(end: datetime.datetime) -> int:
    left: datetime.timedelta = end - timeutils.utcnow()
    return max(0, int(left.total_seconds()))
