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

"""Rules for revocation events."""

from oslo_policy import policy

LIST = 'identity:list_oauth2_revocation_events'

revocation_event_policies = [
    policy.DocumentedRuleDefault(
        name=LIST,
        check_str='rule:service_or_admin',
        scope_types=['system', 'domain', 'project'],
        description="""\
List the revocation events of JWT access tokens, for services that verify
tokens themselves. There is no target.
""",
        operations=[
            {'path': '/v3/OS-OAUTH2/revocation_events', 'method': 'GET'},
            {'path': '/v3/OS-OAUTH2/revocation_events', 'method': 'HEAD'},
        ],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return revocation_event_policies
