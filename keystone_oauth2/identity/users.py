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

import collections.abc as abc
import typing as ty

from keystone import exception
from keystone.common import provider_api
from keystone.identity import core
from keystone.identity.backends import resource_options
from oslo_config import cfg
import sqlalchemy as sa

from keystone_oauth2.identity import database
from keystone_oauth2.identity import lookups
from keystone_oauth2.identity import mapping
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients

PROVIDERS = provider_api.ProviderAPIs

_domain = database.project.alias('domain')


def _with_domain(table: sa.FromClause) -> lookups.Lookup:
    """Return a query by id for a row, and whether it and its domain are
    enabled.
    """
    return lookups.Lookup(
        sa.select(
            table.c.id,
            table.c.enabled,
            _domain.c.enabled.label('is_domain_enabled'),
        )
        .outerjoin(_domain, _domain.c.id == table.c.domain_id)
        .where(table.c.id == sa.bindparam('id'))
    )


class UserDirectory:
    """Implements :class:`keystone_oauth2.protocol.ports.UserDirectory`.

    :param mapping_id: of the federation mapping for certificates.
    """

    def __init__(self, mapping_id: str) -> None:
        self._mapping_id = mapping_id

    def find_user(self, user_id: str) -> clients.User:
        """See :func:`find_user`."""
        return find_user(user_id)

    def find_project(self, project_id: str) -> str:
        """See :func:`find_project`."""
        return find_project(project_id)

    def domain_name(self, domain_id: str) -> str:
        """See :func:`domain_name`."""
        return domain_name(domain_id)

    def map_certificate(self, names: abc.Mapping[str, str]) -> dict[str, str]:
        """See :func:`.mapping.evaluate`."""
        return mapping.evaluate(self._mapping_id, names)


_USER = _with_domain(database.user)
_PROJECT = _with_domain(database.project)


#: Id of the user option with rules for multi-factor authentication.
MFA_RULES = resource_options.MFA_RULES_OPT.option_id


def find_user(user_id: str) -> clients.User:
    """Find an enabled user in an enabled domain.

    Calls ``identity_api.get_user``, and the same assertion as Keystone's
    authentication plugins, which also checks the domain. Keystone's cache may
    miss changes by other workers or in a directory, so it is trusted only if
    the database confirms it.

    :raises ports.Refused: the user is unknown or disabled.
    """
    try:
        user = _get_user(user_id, _is_enabled(user_id))
        PROVIDERS.identity_api.assert_user_enabled(user['id'], user)
    except exception.NotFound:
        raise ports.Refused(f'unknown user {ports.redact(user_id)}') from None
    except AssertionError as error:
        raise ports.Refused(f'user {user_id}: {error}') from error
    # Databases may ignore case and trailing spaces when they compare ids.
    if user['id'] != user_id:
        raise ports.Refused(f'unknown user {ports.redact(user_id)}')
    return _plain(user)


def show_user(user_id: str) -> clients.User:
    """Return an existing user, who may have been disabled since.

    Calls ``identity_api.get_user``.
    """
    return _plain(PROVIDERS.identity_api.get_user(user_id))


def _plain(user: dict[str, ty.Any]) -> clients.User:
    return clients.User(
        id=user['id'],
        name=user['name'],
        domain_id=user['domain_id'],
        email=user.get('email'),
        default_project_id=user.get('default_project_id'),
    )


def find_project(project_id: str) -> str:
    """Find an enabled project in an enabled domain, in the database.

    :returns: the id in its stored spelling: a database may ignore case.
    :raises ports.Refused: the project is unknown or disabled.
    """
    row = _row(_PROJECT, project_id)
    if row is None:
        raise ports.Refused(f'unknown project {project_id}')
    _check_enabled(row, 'project')
    stored: str = row.id
    return stored


def _is_enabled(user_id: str) -> bool:
    """Whether a user is enabled; False for one who is not in the database.

    :raises ports.Refused: the user, or its domain, is disabled. No cache
        learns that: another worker may enable them again.
    """
    row = _row(_USER, user_id)
    if row is None or row.id != user_id:
        return False
    _check_enabled(row, 'user')
    return True


def _check_enabled(row: ty.Any, name: str) -> None:
    if row.enabled is not True:
        raise ports.Refused(f'{name} {row.id} is disabled')
    if row.is_domain_enabled is not True:
        raise ports.Refused(f'the domain of {name} {row.id} is disabled')


def _row(query: lookups.Lookup, identifier: str) -> ty.Any:
    # MariaDB fails on four-byte characters if two tables have different
    # collations, and ids are ASCII.
    if not identifier.isascii():
        return None
    return query.first(id=identifier)


def _get_user(user_id: str, is_enabled: bool) -> dict[str, ty.Any]:
    identity_api = PROVIDERS.identity_api
    if is_enabled:
        user: dict[str, ty.Any] = identity_api.get_user(user_id)
        if is_row_decisive(user['domain_id']):
            return user
    identity_api.get_user.invalidate(identity_api, user_id)
    user = identity_api.get_user(user_id)
    PROVIDERS.resource_api.get_domain.invalidate(
        PROVIDERS.resource_api, user['domain_id']
    )
    return user


def is_row_decisive(domain_id: str) -> bool:
    """Whether the row of a user says all about whether the user is enabled.

    It does not if users can be disabled for being inactive. LDAP users also
    have a row once they have logged in, but it does not follow the directory.

    :param domain_id: of the user.
    """
    limit = cfg.CONF.security_compliance.disable_user_account_days_inactive
    if limit is not None:
        return False
    return _driver(PROVIDERS.identity_api, domain_id).is_sql


# Keystone loads the drivers of domains with the first call of its identity
# API. Until then, all users of a new worker would seem to be in the database.
@core.domains_configured
def _driver(identity_api: ty.Any, domain_id: str) -> ty.Any:
    domain_driver = identity_api.domain_configs.get_domain_driver(domain_id)
    return domain_driver or identity_api.driver


def domain_of_project(project_id: str) -> str:
    """Return the id of the domain of an existing project.

    Calls ``resource_api.get_project``.
    """
    domain_id: str = PROVIDERS.resource_api.get_project(project_id)[
        'domain_id'
    ]
    return domain_id


def domain_name(domain_id: str) -> str:
    """Return the name of an existing domain.

    Calls ``resource_api.get_domain``.
    """
    name: str = PROVIDERS.resource_api.get_domain(domain_id)['name']
    return name


def is_enabled_now(user_id: str) -> bool:
    """Whether a user and the user's domain are enabled, bypassing the cache.

    Calls :func:`find_user`.
    """
    try:
        find_user(user_id)
    except ports.Refused:
        return False
    return True
