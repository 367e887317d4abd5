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

"""A method that another package adds by entry point alone.

What a client has registered chooses among methods that read the same evidence,
whatever their names are.
"""

import pathlib
import shutil
import sys
import tempfile
import time

import jwt
import stevedore

from keystone_oauth2.db import registrations
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests.functional import other_issuer
from keystone_oauth2.tests.support import clients

NAMESPACE = 'keystone_oauth2.client_auth'
SUBJECT = 'system:serviceaccount:ci:deployer'


def assertion(key=other_issuer.KEY, **claims):
    """Return an assertion of the other issuer."""
    wanted = {
        'iss': other_issuer.ISSUER,
        'sub': SUBJECT,
        'exp': int(time.time()) + 60,
        **claims,
    }
    return jwt.encode(wanted, key, 'HS256')


def forget_entry_points():
    """Make stevedore look for entry points again."""
    stevedore.ExtensionManager.ENTRY_POINT_CACHE.pop(NAMESPACE, None)


class OtherIssuerTests:
    """The same for a method whose name sorts before, and for one after.

    :cvar method: the class of the method.
    """

    method = None

    @classmethod
    def setUpClass(cls):
        cls.options = {
            **clients.OPTIONS,
            'oauth2': {
                **clients.OPTIONS['oauth2'],
                'oauth2_authn_methods': [*clients.METHODS, cls.method.name],
            },
        }
        cls.install()
        super().setUpClass()

    @classmethod
    def install(cls):
        """Install a package that consists of the entry point."""
        path = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, path)
        information = path / 'other-1.dist-info'
        information.mkdir()
        (information / 'METADATA').write_text(
            'Metadata-Version: 2.1\nName: other\nVersion: 1\n'
        )
        (information / 'entry_points.txt').write_text(
            f'[{NAMESPACE}]\n{cls.method.name} = '
            f'{cls.method.__module__}:{cls.method.__name__}\n'
        )
        sys.path.append(f'{path}')
        cls.addClassCleanup(sys.path.remove, f'{path}')
        forget_entry_points()
        cls.addClassCleanup(forget_entry_points)

    def by_issuer(self, text, client=None):
        client = client or self.own
        return clients.by_assertion(text, client_id=client.id)

    def register_identity(self, subject=SUBJECT):
        ((new,), _) = registrations.add(
            self.own.id,
            [
                registration.NewAuthenticator(
                    kind=other_issuer.KIND,
                    fingerprint=subject[-64:],
                    value={'sub': subject},
                )
            ],
            10,
            registration.Authority(self.user.id),
        )
        return new

    def test_registered_identity_gets_a_token(self):
        """B12: the client is the one in client_id."""
        self.register_identity()
        self.assert_issued(**self.by_issuer(assertion()))
        self.assert_refused(**self.by_issuer(assertion(sub='another')))
        self.assert_refused(**self.by_issuer(assertion(key='x' * 32)))

    def test_client_with_a_key_does_not_use_the_method(self):
        """B11: nor does one with an identity use private_key_jwt."""
        signer = self.register_key()
        self.assert_issued(**clients.by_key(signer))
        self.assert_refused(**self.by_issuer(assertion()))
        other = self.identity.create_application_credential(self.user)
        self.assert_refused(**self.by_issuer(assertion(), other))

    def test_client_with_both_uses_either(self):
        signer = self.register_key()
        self.register_identity()
        for _ in range(2):
            self.assert_issued(**clients.by_key(signer))
            self.assert_issued(**self.by_issuer(assertion()))
        self.assert_refused(**clients.by_key(signer, iss=other_issuer.ISSUER))
        self.assert_refused(**self.by_issuer(assertion(iss=self.own.id)))

    def test_owner_can_restrict_the_client_to_the_method(self):
        signer = self.register_key()
        self.register_identity()
        self.choose_methods(self.method.name)
        self.assert_issued(**self.by_issuer(assertion()))
        self.assert_refused(**clients.by_key(signer))
        self.assert_refused(**clients.by_secret(self.own, self.own.secret))
        self.assertEqual(
            [self.method.name],
            self.show()['client']['authentication_methods'],
        )

    def test_identity_counts_when_the_secret_is_retired(self):
        """J02: the client can still authenticate."""
        self.register_identity()
        self.choose_methods('client_secret_basic', self.method.name)
        self.retire_secret()
        self.assert_issued(**self.by_issuer(assertion()))

    def test_metadata_names_the_method(self):
        answer = self.keystone.request(
            'GET', '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
        )
        names = answer.json['token_endpoint_auth_methods_supported']
        self.assertIn(self.method.name, names)
        self.assertEqual(
            self.method is other_issuer.Last, names[0] == self.method.name
        )


class FirstTest(OtherIssuerTests, clients.ClientsTestCase):
    method = other_issuer.First


class LastTest(OtherIssuerTests, clients.ClientsTestCase):
    method = other_issuer.Last
