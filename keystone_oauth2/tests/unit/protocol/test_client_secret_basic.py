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

"""Authentication with a secret in the Authorization field."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import client_secret_basic
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base


class ClientSecretBasicTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.keystone = protocol_base.InMemoryKeystone()
        self.user = self.keystone.add_user()
        self.keystone.add_credential('client', 'secret')
        self.method = client_secret_basic.ClientSecretBasic(
            self.keystone.ports
        )

    def authenticate(self, credentials, **form):
        return self.method.authenticate(
            protocol_base.request(
                authorization=protocol_base.basic(credentials)
            ),
            protocol_base.form(**form),
        )

    def test_any_authorization_field_is_an_attempt(self):
        """B05: the client made an attempt, so it gets an error."""
        for authorization, used in (
            ('Basic x', True),
            ('Bearer x', True),
            ('nonsense', True),
            ('', True),
            (None, False),
        ):
            with self.variant(authorization):
                request = protocol_base.request(authorization=authorization)
                self.assertIs(
                    used, self.method.is_used(request, protocol_base.form())
                )

    def test_right_secret_authenticates_the_client(self):
        self.assertEqual(
            messages.Client(
                id='client',
                authentication_method='client_secret_basic',
                user=self.user,
                project_id='project',
                application_credential_id='client',
            ),
            self.authenticate('client:secret'),
        )

    def test_secret_is_accepted_encoded_or_as_it_was_sent(self):
        """B02: the decoded form is tried first."""
        for secret, credentials in (
            ('a b', 'client:a+b'),
            ('a+b', 'client:a+b'),
            ('a+b', 'client:a%2Bb'),
            ('100%', 'client:100%'),
            ('100%', 'client:100%25'),
            ('a:b', 'client:a:b'),
        ):
            with self.variant((secret, credentials)):
                self.keystone.add_credential('client', secret)
                self.assertEqual('client', self.authenticate(credentials).id)

    def test_wrong_credentials_are_refused(self):
        """B07: with the same error in each case."""
        for credentials in (
            'client:wrong',
            'client:',
            'unknown:secret',
            'client:%73ecret%00',
            'client:secret ',
        ):
            with self.variant(credentials):
                self.assert_raises(
                    ports.Refused, self.authenticate, credentials
                )

    def test_credential_of_a_user_who_cannot_log_in_is_refused(self):
        self.keystone.users.clear()
        self.assert_raises(ports.Refused, self.authenticate, 'client:secret')

    def test_client_id_in_the_body_must_be_the_same(self):
        """B01: the body may contain it, but no other id."""
        request = protocol_base.request(
            authorization=protocol_base.basic('client:secret')
        )
        for form in ({}, {'client_id': 'client'}):
            with self.variant(form):
                self.assertEqual(
                    'client',
                    self.method.client_id(request, protocol_base.form(**form)),
                )
        error = self.assert_raises(
            errors.InvalidRequest,
            self.method.client_id,
            request,
            protocol_base.form(client_id='other'),
        )
        self.assertEqual(
            'client_id differs from the Authorization field', error.detail
        )

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even with a right secret."""
        self.keystone.methods['client'] = frozenset(['client_secret_post'])
        error = self.assert_raises(
            ports.Refused, self.authenticate, 'client:secret'
        )
        self.assertIn('not registered for client_secret_basic', str(error))
        self.assertEqual([], self.keystone.uses)
        self.keystone.methods['client'] |= {'client_secret_basic'}
        self.assertEqual('client', self.authenticate('client:secret').id)

    def test_use_of_a_valid_secret_is_recorded(self):
        """J02: so that the owner sees which secrets are in use."""
        self.authenticate('client:secret')
        self.assertEqual([ports.LastUse(1, None, None)], self.keystone.uses)
        self.keystone.users.clear()
        self.assert_raises(ports.Refused, self.authenticate, 'client:secret')
        self.assertEqual(1, len(self.keystone.uses))
