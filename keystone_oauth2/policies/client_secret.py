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

"""Rules for the secrets of clients."""

from oslo_policy import policy

from keystone_oauth2.policies import base

CREATE = 'identity:create_oauth2_client_secret'
LIST = 'identity:list_oauth2_client_secrets'
GET = 'identity:get_oauth2_client_secret'
DELETE = 'identity:delete_oauth2_client_secret'

_COLLECTION = '/v3/OS-OAUTH2/clients/{client_id}/secrets'
_MEMBER = _COLLECTION + '/{secret_id}'

client_secret_policies = [
    policy.DocumentedRuleDefault(
        name=CREATE,
        check_str=base.OWNER,
        scope_types=['project'],
        description=f"""\
Register a secret for a client. {base.ONLY_OWNER}
{base.TARGET}""",
        operations=[
            {'path': _COLLECTION, 'method': 'POST'},
        ],
    ),
    policy.DocumentedRuleDefault(
        name=LIST,
        check_str=base.READER,
        scope_types=['system', 'domain', 'project'],
        description=f"""\
List the secrets of a client, without secret values.
{base.TARGET}""",
        operations=[
            {'path': _COLLECTION, 'method': 'GET'},
            {'path': _COLLECTION, 'method': 'HEAD'},
        ],
    ),
    policy.DocumentedRuleDefault(
        name=GET,
        check_str=base.READER,
        scope_types=['system', 'domain', 'project'],
        description=f"""\
Show a secret of a client, without secret values.
{base.TARGET}""",
        operations=[
            {'path': _MEMBER, 'method': 'GET'},
            {'path': _MEMBER, 'method': 'HEAD'},
        ],
    ),
    policy.DocumentedRuleDefault(
        name=DELETE,
        check_str=base.REMOVER,
        scope_types=['system', 'domain', 'project'],
        description=f"""\
Remove a secret of a client. {base.OWNER_TOKEN}
{base.TARGET}""",
        operations=[
            {'path': _MEMBER, 'method': 'DELETE'},
        ],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return client_secret_policies
