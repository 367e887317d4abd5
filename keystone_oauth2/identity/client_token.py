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

"""Tokens of clients, as Keystone's token providers read them."""

import dataclasses
import datetime
import functools
import typing as ty

from keystone.auth import core
from keystone.common import provider_api
from keystone.common import utils
from keystone.models import token_model
from keystone.token import provider
from oslo_utils import timeutils

from keystone_oauth2.identity import users
from keystone_oauth2.protocol import ports

PROVIDERS = provider_api.ProviderAPIs

#: The method that Keystone writes into certificate-bound tokens.
CERTIFICATE_METHOD = 'oauth2_credential'
_DELEGATED_METHOD = 'application_credential'  # nosec B105


class ClientToken(token_model.TokenModel):
    """A token of a client.

    What the client's authentication has just read from the database is not
    looked up again in Keystone's cache.

    :param delegation: what it stands for.
    :param lifetime: in seconds at most; None for Keystone's.
    :raises ports.Refused: the user is disabled or deleted, or has rules for
        multi-factor authentication.
    """

    def __init__(
        self, delegation: ports.Delegation, lifetime: int | None = None
    ) -> None:
        super().__init__()
        if not delegation.is_user_enabled:
            users.find_user(delegation.user_id)
        self.user_id = delegation.user_id
        self.project_id = delegation.project_id
        self.application_credential_id = delegation.application_credential_id
        self.methods = [_method(delegation)]
        self.audit_id = provider.random_urlsafe_str()
        self.end = _end(delegation, lifetime)
        self.expires_at = utils.isotime(self.end, subsecond=True)
        if delegation.confirmation is not None:
            self.oauth2_thumbprint = (
                delegation.confirmation.keystone_thumbprint
            )
        self._delegated = delegation.roles

    @property
    def user_domain(self) -> dict[str, ty.Any]:
        return {'enabled': True}

    @property
    def project_domain(self) -> dict[str, ty.Any]:
        return {'enabled': True}

    @property
    def project(self) -> dict[str, ty.Any]:
        return {'id': self.project_id, 'enabled': True}

    @property
    def application_credential(self) -> dict[str, ty.Any] | None:
        if self._delegated is None:
            return None
        return {
            'roles': [dataclasses.asdict(role) for role in self._delegated]
        }

    @functools.cached_property
    def roles(self) -> list[dict[str, str]]:
        # Keystone keeps what it computes of them in its cache, and forgets it
        # when a worker of any node changes an assignment.
        return super().roles

    def issue(self) -> None:
        """Generate the token with the provider, and mint it."""
        driver = PROVIDERS.token_provider_api.driver
        self.mint(*driver.generate_id_and_issued_at(self))


def moment(seconds: int) -> datetime.datetime:
    """Return a time as Keystone compares it, UTC without a zone.

    :param seconds: since the epoch.
    """
    found = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return found.replace(tzinfo=None)


def isotime(seconds: int) -> str:
    """Return a time as it is in tokens of Keystone.

    :param seconds: since the epoch.
    """
    text: str = utils.isotime(moment(seconds), subsecond=True)
    return text


def _end(
    delegation: ports.Delegation, lifetime: int | None
) -> datetime.datetime:
    ends = [provider.default_expire_time()]
    if lifetime is not None:
        ends.append(timeutils.utcnow() + datetime.timedelta(seconds=lifetime))
    if delegation.ends_at is not None:
        ends.append(delegation.ends_at)
    return min(ends).replace(microsecond=0)


def _method(delegation: ports.Delegation) -> str:
    """Return the authentication method of a token.

    :raises ports.Refused: the user's rules for multi-factor authentication
        require others.
    """
    method = CERTIFICATE_METHOD
    if delegation.application_credential_id is not None:
        method = _DELEGATED_METHOD
    if not delegation.has_mfa_rules:
        return method
    if delegation.roles is not None:
        # The database has rules that Keystone's cache may not have yet.
        identity_api = PROVIDERS.identity_api
        identity_api.get_user.invalidate(identity_api, delegation.user_id)
    validator = core.UserMFARulesValidator
    if not validator.check_auth_methods_against_rules(
        delegation.user_id, {method}
    ):
        raise ports.Refused(
            f'user {delegation.user_id}: the rules for multi-factor '
            f'authentication do not allow {method} alone'
        )
    return method
