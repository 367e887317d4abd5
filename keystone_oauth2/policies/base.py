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

"""Check strings and descriptions that rules for clients share."""

OWNER = 'user_id:%(target.client.user_id)s'
# As for Keystone's application credentials, whose API refuses domain-scoped
# tokens.
READER = (
    'domain_id:None and (rule:admin_required or '
    f'(role:reader and system_scope:all) or {OWNER})'
)
REMOVER = f'domain_id:None and (rule:admin_required or {OWNER})'

TARGET = """\
The target is the client, an application credential:
%(target.client.id)s, %(target.client.user_id)s,
%(target.client.user_domain_id)s, %(target.client.project_id)s and
%(target.client.project_domain_id)s.
"""
ONLY_OWNER = """\
Regardless of this rule, only the owner of the client may do this, with a token
that is scoped to the project of the client and has all of its roles, since an
authenticator gives access to all that the client can do."""
OWNER_TOKEN = """\
Regardless of this rule, the owner of the client needs a token that is scoped
to the project of the client and has all of its roles."""
