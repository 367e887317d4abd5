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

"""Tests with client certificates and requests to a real Keystone."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import copies
from keystone_oauth2.tests.support import matchers

AUTHORITY = fixture.CertificateAuthority()
REFUSED = matchers.IsOAuthError(401, 'invalid_client')
MAPPING = 'oauth2_mapping'
#: The common name of the subject is the user name.
RULES = [
    {
        'local': [{'user': {'name': '{0}', 'domain': {'id': 'default'}}}],
        'remote': [
            {'type': 'SSL_CLIENT_SUBJECT_DN_CN'},
            {'type': 'SSL_CLIENT_ISSUER_DN_CN', 'any_one_of': ['Test CA']},
        ],
    }
]


def one_rule(user, *remote):
    """Return a mapping of one rule."""
    return [
        {
            'local': [{'user': user}],
            'remote': [{'type': f'SSL_CLIENT_{name}'} for name in remote],
        }
    ]


def verified(certificate):
    """Return the variables that a TLS front end sets after verification."""
    return {
        'SSL_CLIENT_CERT': certificate.pem,
        'SSL_CLIENT_VERIFY': 'SUCCESS',
    }


class MutualTLSTestCase(base.KeystoneTestCase):
    """One user with a certificate, and the mapping for both."""

    @classmethod
    @copies.shared
    def create(cls):
        super().create()
        cls.certificate = AUTHORITY.client([('CN', cls.user.name)])
        cls.identity.create_mapping(MAPPING, RULES)

    def post_for(self, user, environ=None, **arguments):
        """Post for a user, over a connection with or without certificate."""
        return self.post(
            f'{base.GRANT}&client_id={getattr(user, "id", user)}',
            environ=environ,
            **arguments,
        )

    def post_with(self, certificate, user=None, **arguments):
        """Post for a user with a verified certificate."""
        return self.post_for(
            user or self.user, verified(certificate), **arguments
        )

    def new_user(self, domain='default', **attributes):
        """Return a new user with its own project and certificate."""
        project = self.identity.create_project(domain=domain)
        user = self.identity.create_user(
            project, ['member'], domain=domain, **attributes
        )
        return project, user, AUTHORITY.client([('CN', user.name)])

    def map_differently(self, rules):
        """Replace the mapping for this test."""
        self.addCleanup(self.identity.update_mapping, MAPPING, RULES)
        self.identity.update_mapping(MAPPING, rules)
