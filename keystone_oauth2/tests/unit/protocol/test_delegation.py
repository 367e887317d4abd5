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

"""What is delegated to a client that has authenticated."""

import dataclasses
import datetime

from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.tests import base

END = datetime.datetime(2026, 1, 1)
CONFIRMATION = confirmation.Confirmation('of Keystone', 'x5t', END)
CREDENTIAL = clients.Client(id='client', user_id='user', project_id='project')


class DelegationTest(base.TestCase):
    def delegation(self, client, bound_to=None):
        return ports.Delegation.to(
            clients.AuthenticatedClient(
                client=client, method='x', confirmation=bound_to
            )
        )

    def test_application_credential_delegates_its_own(self):
        self.assertEqual(
            ports.Delegation(
                client_id='client',
                user_id='user',
                project_id='project',
                application_credential_id='client',
            ),
            self.delegation(CREDENTIAL),
        )

    def test_user_needs_no_application_credential(self):
        """B12: the token names none."""
        user = clients.Client(
            id='user', user_id='user', project_id='project', is_user=True
        )
        self.assertEqual(
            ports.Delegation(
                client_id='user', user_id='user', project_id='project'
            ),
            self.delegation(user),
        )

    def test_binding_and_its_end_are_passed_on(self):
        """D05, K04: the token is bound, and ends with its certificate."""
        found = self.delegation(CREDENTIAL, CONFIRMATION)
        self.assertEqual(CONFIRMATION, found.confirmation)
        self.assertEqual(END, found.ends_at)

    def test_end_of_the_credential_is_passed_on(self):
        """D05: the token ends with it, if nothing else ends earlier."""
        for seconds, expected in ((-1, -1), (0, 0), (1, 0)):
            with self.variant(seconds):
                client = dataclasses.replace(
                    CREDENTIAL,
                    expires_at=END + datetime.timedelta(seconds=seconds),
                )
                self.assertEqual(
                    END + datetime.timedelta(seconds=expected),
                    self.delegation(client, CONFIRMATION).ends_at,
                )

    def test_state_of_the_user_is_passed_on(self):
        """D11: unless it is known, Keystone is asked."""
        for name in ('is_user_enabled', 'has_mfa_rules'):
            for value in (True, False):
                with self.variant((name, value)):
                    client = dataclasses.replace(CREDENTIAL, **{name: value})
                    found = self.delegation(client)
                    self.assertIs(value, getattr(found, name))

    def test_rules_of_an_unknown_user_are_checked(self):
        """D11: what has not been looked up is not read as harmless."""
        self.assertTrue(self.delegation(CREDENTIAL).has_mfa_rules)
        self.assertFalse(self.delegation(CREDENTIAL).is_user_enabled)

    def test_client_without_a_project_is_refused(self):
        """D11: there is nothing to delegate."""
        for is_user in (True, False):
            with self.variant(is_user):
                client = dataclasses.replace(
                    CREDENTIAL, project_id=None, is_user=is_user
                )
                error = self.assert_raises(
                    ports.Refused, self.delegation, client
                )
                self.assertEqual('client client has no project', str(error))
