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

"""Authentication with a secret in the request body."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import client_secret_post
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

RIGHT = {'client_id': 'client', 'client_secret': 'a+b'}


class ClientSecretPostTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.keystone = protocol_base.InMemoryKeystone()
        self.user = self.keystone.add_user()
        self.keystone.add_credential('client', 'a+b')
        self.method = client_secret_post.ClientSecretPost(self.keystone.ports)

    def authenticate(self, **form):
        return self.method.authenticate(
            protocol_base.request(), protocol_base.form(**form)
        )

    def test_secret_in_the_body_is_an_attempt(self):
        for form, used in (
            ({'client_secret': 'x'}, True),
            ({'client_secret': 'x', 'client_id': 'y'}, True),
            ({'client_id': 'y'}, False),
            ({}, False),
        ):
            with self.variant(form):
                self.assertIs(
                    used,
                    self.method.is_used(
                        protocol_base.request(authorization='Basic x'),
                        protocol_base.form(**form),
                    ),
                )

    def test_right_secret_authenticates_the_client(self):
        """B03: in the body, too."""
        self.assertEqual(
            messages.Client(
                id='client',
                authentication_method='client_secret_post',
                user=self.user,
                project_id='project',
                application_credential_id='client',
            ),
            self.authenticate(client_id='client', client_secret='a+b'),
        )

    def test_wrong_credentials_are_refused(self):
        """B07: with the same error in each case."""
        for client_id, secret in (
            ('client', 'wrong'),
            ('client', 'a b'),
            ('client', 'a%2Bb'),
            ('unknown', 'a+b'),
        ):
            with self.variant((client_id, secret)):
                self.assert_raises(
                    ports.Refused,
                    lambda client_id=client_id, secret=secret: (
                        self.authenticate(
                            client_id=client_id, client_secret=secret
                        )
                    ),
                )

    def test_secret_without_client_id_is_malformed(self):
        error = self.assert_raises(
            errors.MissingParameter,
            lambda: self.authenticate(client_secret='a+b'),
        )
        self.assertEqual('client_id is missing', error.detail)

    def test_method_has_no_http_scheme(self):
        """B06: a challenge cannot name it."""
        self.assertIsNone(self.method.scheme)

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even with a right secret."""
        self.keystone.methods['client'] = frozenset(['client_secret_basic'])
        error = self.assert_raises(
            ports.Refused, lambda: self.authenticate(**RIGHT)
        )
        self.assertIn('not registered for client_secret_post', str(error))
        self.assertEqual([], self.keystone.uses)
        self.keystone.methods['client'] |= {'client_secret_post'}
        self.assertEqual('client', self.authenticate(**RIGHT).id)

    def test_use_of_a_valid_secret_is_recorded(self):
        """J02: so that the owner sees which secrets are in use."""
        self.authenticate(**RIGHT)
        self.assertEqual([ports.LastUse(1, None, None)], self.keystone.uses)
        self.keystone.users.clear()
        self.assert_raises(ports.Refused, lambda: self.authenticate(**RIGHT))
        self.assertEqual(1, len(self.keystone.uses))
