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

"""What tokens say (``keystone.models.token_model``)."""

import collections.abc as abc
import datetime
import typing as ty

from keystone import exception
from keystone.common import provider_api
from keystone.models import revoke_model
from keystone.models import token_model
from oslo_utils import timeutils

from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import directory
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import confirmation

PROVIDERS = provider_api.ProviderAPIs


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


def describe(
    token: token_model.TokenModel, rendered: dict[str, ty.Any]
) -> claims.Claims:
    """Return what a token says.

    :param rendered: its description by Keystone.
    """
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
