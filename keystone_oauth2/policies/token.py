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

"""Rules for introspection and revocation."""

from oslo_policy import policy

INTROSPECT = 'identity:introspect_oauth2_token'
REVOKE = 'identity:revoke_oauth2_token'

_OWN = 'client_id:%(target.token.client_id)s'
_TARGET = """\
The target is the token: %(target.token.client_id)s (missing if it was not
issued to a client), %(target.token.user_id)s,
%(target.token.user_domain_id)s, %(target.token.project_id)s,
%(target.token.project_domain_id)s and %(target.token.domain_id)s. The
credentials are those of the caller: client_id and client_authentication_method
(missing with X-Auth-Token), user_id, user_domain_id, project_id, domain_id,
system_scope and role."""

token_policies = [
    policy.DocumentedRuleDefault(
        name=INTROSPECT,
        check_str=f'rule:service_or_admin or {_OWN}',
        scope_types=['system', 'domain', 'project'],
        description=f"""\
Introspect a token. By default, services and administrators may introspect any
token, and a client its own. Other callers see the token as inactive.
{_TARGET}
""",
        operations=[{'path': '/v3/OS-OAUTH2/introspect', 'method': 'POST'}],
    ),
    policy.DocumentedRuleDefault(
        name=REVOKE,
        check_str=f'rule:admin_required or {_OWN}',
        scope_types=['system', 'domain', 'project'],
        description=f"""\
Revoke a token. By default, administrators may revoke any token, and a client
its own. Other callers get the same response, but the token remains valid.
{_TARGET}
""",
        operations=[{'path': '/v3/OS-OAUTH2/revoke', 'method': 'POST'}],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules of this module."""
    return token_policies
