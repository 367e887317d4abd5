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

"""Rule for tests of the federated identities of clients."""

from oslo_policy import policy

from keystone_oauth2.policies import base

TEST = 'identity:test_oauth2_client_federated_identity'

_PATH = '/v3/OS-OAUTH2/clients/{client_id}/federated_identities/test'

client_federated_identity_policies = [
    policy.DocumentedRuleDefault(
        name=TEST,
        check_str=base.OWNER,
        scope_types=['project'],
        description=f"""\
Test which federated identity of a client a JWT matches, and why not.
{base.TARGET}""",
        operations=[
            {'path': _PATH, 'method': 'POST'},
        ],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return client_federated_identity_policies
