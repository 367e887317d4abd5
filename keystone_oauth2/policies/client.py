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

"""Rules for the registration of clients."""

from oslo_policy import policy

from keystone_oauth2.policies import base

GET = 'identity:get_oauth2_client'
UPDATE = 'identity:update_oauth2_client'

_PATH = '/v3/OS-OAUTH2/clients/{client_id}'

client_policies = [
    policy.DocumentedRuleDefault(
        name=GET,
        check_str=base.READER,
        scope_types=['system', 'domain', 'project'],
        description=f"""\
Show a client with its authentication methods and authenticators.
{base.TARGET}""",
        operations=[
            {'path': _PATH, 'method': 'GET'},
            {'path': _PATH, 'method': 'HEAD'},
        ],
    ),
    policy.DocumentedRuleDefault(
        name=UPDATE,
        check_str=base.OWNER,
        scope_types=['project'],
        description=f"""\
Choose the client authentication methods that a client may use. \
{base.ONLY_OWNER}
{base.TARGET}""",
        operations=[
            {'path': _PATH, 'method': 'PATCH'},
        ],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return client_policies
