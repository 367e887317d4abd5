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

"""Rule for the issuers that clients can authenticate with."""

from oslo_policy import policy

LIST = 'identity:list_oauth2_trusted_issuers'

trusted_issuer_policies = [
    policy.DocumentedRuleDefault(
        name=LIST,
        check_str='',
        scope_types=['system', 'domain', 'project'],
        description="""\
List the trusted issuers, which the federated identities of clients can name.
Any valid token is enough by default. There is no target.
""",
        operations=[
            {'path': '/v3/OS-OAUTH2/trusted_issuers', 'method': 'GET'},
            {'path': '/v3/OS-OAUTH2/trusted_issuers', 'method': 'HEAD'},
        ],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return trusted_issuer_policies
