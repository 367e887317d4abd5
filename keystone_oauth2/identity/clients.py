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

"""Application credentials as clients (``keystone.application_credential``)."""

import typing as ty

from keystone import exception
from keystone.common import provider_api

PROVIDERS = provider_api.ProviderAPIs


def describe(client_id: str) -> dict[str, ty.Any] | None:
    """Return an application credential with its owner, project and roles.

    Calls ``application_credential_api.get_application_credential``.

    :returns: the members of the resource ``client``, or None if there is no
        such credential.
    """
    api = PROVIDERS.application_credential_api
    try:
        credential = api.get_application_credential(client_id)
        user = PROVIDERS.identity_api.get_user(credential['user_id'])
        project = PROVIDERS.resource_api.get_project(credential['project_id'])
    except exception.NotFound:
        return None
    if credential['id'] != client_id:
        return None
    return {
        'id': client_id,
        'name': credential['name'],
        'description': credential['description'],
        'expires_at': credential['expires_at'],
        'user': _with_domain(user),
        'project': _with_domain(project),
        'roles': [
            {'id': role['id'], 'name': role['name']}
            for role in credential['roles']
        ],
    }


def _with_domain(owned: dict[str, ty.Any]) -> dict[str, ty.Any]:
    domain = PROVIDERS.resource_api.get_domain(owned['domain_id'])
    return {
        'id': owned['id'],
        'name': owned['name'],
        'domain': {'id': domain['id'], 'name': domain['name']},
    }
