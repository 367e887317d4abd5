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

"""The client-credentials grant (RFC 6749, 4.4)."""

import dataclasses

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.grants import client_credentials
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base


class ClientCredentialsTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.keystone = protocol_base.InMemoryKeystone()
        self.client = messages.Client(
            'client',
            'client_secret_basic',
            self.keystone.add_user(),
            'project',
        )
        self.grant = client_credentials.ClientCredentials(self.keystone.ports)

    def issue(self, client=None, **form):
        return self.grant.issue(
            client or self.client, protocol_base.form(**form)
        )

    def test_complete_response_without_a_requested_scope(self):
        """A07, A10, A11: all roles by default; no refresh token."""
        self.assertEqual(
            {
                'access_token': 'token of client',
                'token_type': 'Bearer',
                'expires_in': 3599,
                'scope': 'member reader',
            },
            self.issue().body,
        )

    def test_scope_is_omitted_if_it_equals_the_requested_one(self):
        """A09: it is returned if it differs."""
        self.assertNotIn('scope', self.issue(scope='member reader').body)
        body = self.issue(scope='reader member').body
        self.assertEqual('member reader', body['scope'])

    def test_scope_is_omitted_if_it_can_name_no_role(self):
        self.keystone.roles = ('heat stack owner',)
        self.assertNotIn('scope', self.issue().body)

    def test_scope_that_cannot_be_granted_is_refused(self):
        """A09: it is not silently reduced."""
        for scope, expected in (
            ('admin', errors.InvalidScope),
            ('member reader admin', errors.InvalidScope),
            ('member', errors.NarrowerScope),
            ('member  reader', errors.InvalidScope),
        ):
            with self.variant(scope):
                error = self.assert_raises(
                    expected, lambda scope=scope: self.issue(scope=scope)
                )
                self.assertEqual('invalid_scope', error.code)

    def test_client_that_the_policy_denies_is_refused(self):
        """A12: this client must not use the grant."""
        self.keystone.denied_grants = ('client_credentials',)
        error = self.assert_raises(errors.UnauthorizedClient, self.issue)
        self.assertEqual('policy denies client client', error.detail)

    def test_refusal_of_keystone_is_passed_on(self):
        self.keystone.refuses_tokens = True
        self.assert_raises(ports.Refused, self.issue)

    def test_certificate_of_a_bound_token_is_stored(self):
        """D05: neither thumbprint can be computed from the other."""
        self.issue()
        self.assertEqual([], self.keystone.remembered)
        self.issue(dataclasses.replace(self.client, certificate=b'der'))
        self.assertEqual([b'der'], self.keystone.remembered)

    def test_token_that_cannot_be_bound_is_not_issued(self):
        """D06: a thief could use an unbound token."""
        self.keystone.binds_tokens = False
        client = dataclasses.replace(self.client, certificate=b'der')
        error = self.assert_raises(
            errors.TokenCannotBeBound, self.issue, client
        )
        self.assertEqual('unauthorized_client', error.code)
        self.assertEqual(400, error.status)
        self.assertEqual('no place for both', error.detail)
        self.assertEqual([], self.keystone.remembered)
        self.assertEqual('token of client', self.issue().body['access_token'])
