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

"""Rules for access tokens."""

from oslo_policy import policy

CREATE = 'identity:create_oauth2_access_token'

access_token_policies = [
    policy.DocumentedRuleDefault(
        name=CREATE,
        check_str='@',
        scope_types=['system', 'domain', 'project'],
        description="""\
Issue an OAuth 2.0 access token to an authenticated client. The target and the
credentials are those of the client:
%(target.client.id)s,
%(target.client.authentication_method)s,
%(target.client.application_credential_id)s (missing if the client is a user),
%(target.user.id)s, %(target.user.name)s, %(target.user.domain.id)s,
%(target.user.domain.name)s, %(target.project.id)s,
%(target.project.domain.id)s and %(target.grant_type)s;
client_id, client_authentication_method, application_credential_id, user_id,
user_domain_id, project_id, project_domain_id, grant_type and role.
A client that is denied gets the error unauthorized_client. For example, to
require Mutual-TLS for users of the domain 8c2e:
"not user_domain_id:8c2e or client_authentication_method:tls_client_auth".
""",
        operations=[{'path': '/v3/OS-OAUTH2/token', 'method': 'POST'}],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return access_token_policies
