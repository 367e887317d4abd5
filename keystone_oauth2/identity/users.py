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

import typing as ty

from keystone import exception
from keystone.common import provider_api

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports

PROVIDERS = provider_api.ProviderAPIs


def find_user(user_id: str, *, is_enabled: bool = False) -> messages.User:
    """Look up an enabled user in an enabled domain.

    Calls ``identity_api.get_user``, and the assertion that Keystone's own
    authentication plugins make of it, which looks at the domain as well. A
    cache may be wrong about a user that another worker or a directory has
    changed, so it is emptied first, unless the database knows better.

    :param is_enabled: whether the database has just said that the user and
        its domain are enabled. Of a user who is not in it, such as one of
        LDAP, that means nothing.
    :raises ports.Refused: unknown or disabled.
    """
    try:
        user = _get_user(user_id, is_enabled)
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


def _get_user(user_id: str, is_enabled: bool) -> dict[str, ty.Any]:
    if is_enabled:
        user = PROVIDERS.identity_api.get_user(user_id)
        if _is_in_database(user):
            return user
    PROVIDERS.identity_api.get_user.invalidate(PROVIDERS.identity_api, user_id)
    user = PROVIDERS.identity_api.get_user(user_id)
    _forget_domain(user)
    return user


def _is_in_database(user: dict[str, ty.Any]) -> bool:
    # A user of LDAP has a row as well, once it has logged in; the row does
    # not follow the directory.
    identity_api = PROVIDERS.identity_api
    driver = identity_api.domain_configs.get_domain_driver(user['domain_id'])
    return (driver or identity_api.driver).is_sql


def _forget_domain(owned: dict[str, ty.Any]) -> None:
    PROVIDERS.resource_api.get_domain.invalidate(
        PROVIDERS.resource_api, owned['domain_id']
    )


def find_project(project_id: str) -> str:
    """Look up an enabled project in an enabled domain.

    Calls ``resource_api.get_project`` and ``assert_project_enabled``, with
    Keystone's cache emptied first.

    :returns: the id as it is stored: a database may find it by another case.
    :raises ports.Refused: unknown or disabled.
    """
    resource_api = PROVIDERS.resource_api
    try:
        resource_api.get_project.invalidate(resource_api, project_id)
        project = resource_api.get_project(project_id)
        _forget_domain(project)
        resource_api.assert_project_enabled(project['id'], project)
    except exception.NotFound:
        raise ports.Refused(f'unknown project {project_id}') from None
    except AssertionError as error:
        raise ports.Refused(f'project {project_id}: {error}') from error
    stored: str = project['id']
    return stored


def domain_name(domain_id: str) -> str:
    """Answer the name of a domain that exists.

    Calls ``resource_api.get_domain``.
    """
    name: str = PROVIDERS.resource_api.get_domain(domain_id)['name']
    return name


def is_enabled_now(user_id: str) -> bool:
    """Whether a user and its domain are enabled, whatever Keystone remembers.

    Calls :func:`find_user`.
    """
    try:
        find_user(user_id)
    except ports.Refused:
        return False
    return True
