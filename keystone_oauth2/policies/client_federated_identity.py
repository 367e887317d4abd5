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

"""Rules for the federated identities of clients."""

from oslo_policy import policy

from keystone_oauth2.policies import base

CREATE = 'identity:create_oauth2_client_federated_identity'
LIST = 'identity:list_oauth2_client_federated_identities'
GET = 'identity:get_oauth2_client_federated_identity'
DELETE = 'identity:delete_oauth2_client_federated_identity'
TEST = 'identity:test_oauth2_client_federated_identity'

_COLLECTION = '/v3/OS-OAUTH2/clients/{client_id}/federated_identities'
_MEMBER = _COLLECTION + '/{federated_identity_id}'

client_federated_identity_policies = [
    policy.DocumentedRuleDefault(
        name=CREATE,
        check_str=base.OWNER,
        scope_types=['project'],
        description=f"""\
Register a federated identity for a client. {base.ONLY_OWNER}
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
List the federated identities of a client.
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
Show a federated identity of a client.
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
Remove a federated identity of a client. {base.OWNER_TOKEN}
{base.TARGET}""",
        operations=[
            {'path': _MEMBER, 'method': 'DELETE'},
        ],
    ),
    policy.DocumentedRuleDefault(
        name=TEST,
        check_str=base.OWNER,
        scope_types=['project'],
        description=f"""\
Test which federated identity of a client a JWT matches, and why not.
{base.TARGET}""",
        operations=[
            {'path': f'{_COLLECTION}/test', 'method': 'POST'},
        ],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return client_federated_identity_policies
