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

"""Users and their domains (``keystone.identity``, ``keystone.resource``)."""

from keystone import exception
from keystone.common import provider_api

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports

PROVIDERS = provider_api.ProviderAPIs


def find_user(user_id: str) -> messages.User:
    """Look an enabled user in an enabled domain up.

    Calls ``identity_api.get_user``, and the assertion that Keystone's own
    authentication plugins make of it, which looks at the domain as well.

    :raises ports.Refused: unknown or disabled.
    """
    try:
        user = PROVIDERS.identity_api.get_user(user_id)
        PROVIDERS.identity_api.assert_user_enabled(user['id'], user)
    except exception.NotFound:
        raise ports.Refused(f'unknown user {ports.shown(user_id)}') from None
    except AssertionError as error:
        raise ports.Refused(f'user {user_id}: {error}') from error
    # Databases compare ids without regard to case or trailing blanks.
    if user['id'] != user_id:
        raise ports.Refused(f'unknown user {ports.shown(user_id)}')
    return messages.User(
        id=user['id'],
        name=user['name'],
        domain_id=user['domain_id'],
        email=user.get('email'),
        default_project_id=user.get('default_project_id'),
    )


def domain_name(domain_id: str) -> str:
    """Answer the name of a domain that exists.

    Calls ``resource_api.get_domain``.
    """
    name: str = PROVIDERS.resource_api.get_domain(domain_id)['name']
    return name


def is_enabled_now(user_id: str) -> bool:
    """Whether a user and its domain are enabled, whatever Keystone remembers.

    Calls ``identity_api.get_user`` after Keystone's cached answer was dropped.
    """
    api = PROVIDERS.identity_api
    api.get_user.invalidate(api, user_id)
    try:
        user = api.get_user(user_id)
        api.assert_user_enabled(user['id'], user)
    except (exception.NotFound, AssertionError):
        return False
    return True
