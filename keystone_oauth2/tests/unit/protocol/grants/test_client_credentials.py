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

from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import grants
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.grants import client_credentials
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

CONFIRMATION = confirmation.Confirmation('thumbprint of Keystone', 'x5t')


class ClientCredentialsTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.tokens = protocol_base.TokenService()
        self.policy = protocol_base.Policy()
        self.certificates = protocol_base.CertificateStore()
        self.client = clients.AuthenticatedClient(
            client=clients.Client(
                id='client', user_id='user', project_id='project'
            ),
            method='client_secret_basic',
        )
        self.grant = client_credentials.ClientCredentials(
            tokens=self.tokens,
            policy=self.policy,
            certificates=self.certificates,
        )

    def issue(self, client=None, **form):
        return self.grant.issue(
            grants.TokenRequest(
                client or self.client,
                protocol_base.form(**form),
                protocol_base.request(),
            )
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

    def test_event_names_whose_token_it_is(self):
        """The client, the user, the project and the token."""
        self.assertEqual(
            messages.Event(
                'issued',
                client_id='client',
                user_id='user',
                project_id='project',
                audit_id='audit',
            ),
            self.issue().event,
        )

    def test_client_without_a_project_is_refused(self):
        """D11: there is nothing to delegate."""
        nowhere = dataclasses.replace(self.client.client, project_id=None)
        self.assert_raises(
            ports.Refused,
            self.issue,
            dataclasses.replace(self.client, client=nowhere),
        )

    def test_scope_is_omitted_if_it_equals_the_requested_one(self):
        """A09: it is returned if it differs."""
        self.assertNotIn('scope', self.issue(scope='member reader').body)
        body = self.issue(scope='reader member').body
        self.assertEqual('member reader', body['scope'])

    def test_scope_is_omitted_if_it_can_name_no_role(self):
        self.tokens.roles = ('heat stack owner',)
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
        self.policy.denied = ('client_credentials',)
        error = self.assert_raises(errors.UnauthorizedClient, self.issue)
        self.assertEqual('policy denies client client', error.detail)

    def test_refusal_of_keystone_is_passed_on(self):
        self.tokens.refuses = True
        self.assert_raises(ports.Refused, self.issue)

    def test_certificate_of_a_bound_token_is_stored(self):
        """D05: neither thumbprint can be computed from the other."""
        self.issue()
        self.assertEqual([], self.certificates.remembered)
        self.issue(dataclasses.replace(self.client, confirmation=CONFIRMATION))
        self.assertEqual([CONFIRMATION], self.certificates.remembered)

    def test_token_that_cannot_be_bound_is_not_issued(self):
        """D06: a thief could use an unbound token."""
        self.tokens.binds = False
        client = dataclasses.replace(self.client, confirmation=CONFIRMATION)
        error = self.assert_raises(
            errors.TokenCannotBeBound, self.issue, client
        )
        self.assertEqual('unauthorized_client', error.code)
        self.assertEqual(400, error.status)
        self.assertEqual('no place for both', error.detail)
        self.assertEqual([], self.certificates.remembered)
        self.assertEqual('token of client', self.issue().body['access_token'])
