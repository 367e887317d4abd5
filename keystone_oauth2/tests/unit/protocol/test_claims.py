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

"""What a token says (RFC 7662, 2.2)."""

from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

DOMAIN = claims.Domain('d', 'name of d')
OTHER = claims.Domain('o', 'name of o')
USER = {'id': 'u', 'name': 'alice', 'domain': {'id': 'd', 'name': 'name of d'}}
LEAST = {
    'username': 'alice',
    'token_type': 'Bearer',
    'exp': 3700,
    'iat': 100,
    'nbf': 100,
    'sub': 'u',
    'jti': 'audit',
    'user': USER,
}


def members(issuer=None, **attributes):
    return claims.Claims(
        **{
            'audit_id': 'audit',
            'client_id': None,
            'user_id': 'u',
            'user_name': 'alice',
            'user_domain': DOMAIN,
            'issued_at': 100,
            'expires_at': 3700,
            **attributes,
        }
    ).members(issuer)


class MembersTest(base.TestCase):
    def assert_adds(self, expected, **attributes):
        self.assertEqual({**LEAST, **expected}, members(**attributes))

    def test_absent_members_are_left_out(self):
        """G04: none of them is null or empty."""
        self.assertEqual(LEAST, members())

    def test_token_of_a_client_has_all_members(self):
        """G04: those of the RFC, and those that services need."""
        self.assert_adds(
            {
                'scope': 'member reader',
                'client_id': 'client',
                'iss': protocol_base.ISSUER,
                'cnf': {'x5t#S256': 'x5t'},
                'project': {
                    'id': 'p',
                    'name': 'name of p',
                    'domain': {'id': 'o', 'name': 'name of o'},
                },
                'roles': 'member,reader',
                'is_admin_project': False,
                'access_rules': ({'path': '/', 'method': 'GET'},),
            },
            issuer=protocol_base.ISSUER,
            client_id='client',
            roles=('reader', 'member'),
            project=claims.Project('p', 'name of p', OTHER),
            is_admin_project=False,
            access_rules=({'path': '/', 'method': 'GET'},),
            confirmation=confirmation.Confirmation('of Keystone', 'x5t'),
        )

    def test_issuer_is_left_out_if_there_is_none(self):
        self.assertNotIn('iss', members(None))
        self.assertEqual('x', members('x')['iss'])

    def test_role_with_a_comma_is_not_among_the_roles(self):
        """G04: a service would read it as two, perhaps as ``admin``."""
        self.assert_adds(
            {'roles': 'reader', 'scope': 'member,admin reader'},
            roles=('reader', 'member,admin'),
        )
        self.assert_adds({'scope': 'a,b'}, roles=('a,b',))

    def test_role_with_a_space_is_not_in_the_scope(self):
        """G04: it would be two scopes."""
        self.assert_adds(
            {'roles': 'heat stack owner,reader', 'scope': 'reader'},
            roles=('reader', 'heat stack owner'),
        )

    def test_domain_scope_stands_for_the_domain_of_a_project_too(self):
        """G04: keystonemiddleware reads it from there."""
        domain = {'id': 'o', 'name': 'name of o'}
        self.assert_adds(
            {'domain': domain, 'project': {'domain': domain}}, domain=OTHER
        )

    def test_system_scope_is_true_or_absent(self):
        """G04: any value would be read as the whole system."""
        self.assert_adds({'system_scope': True}, is_system=True)

    def test_admin_project_may_be_unknown(self):
        """G04: which is not the same as false."""
        for value in (True, False):
            with self.variant(value):
                self.assert_adds(
                    {'is_admin_project': value}, is_admin_project=value
                )

    def test_empty_access_rules_are_not_left_out(self):
        """G04: such a token may be used for nothing."""
        self.assert_adds({'access_rules': ()}, access_rules=())
