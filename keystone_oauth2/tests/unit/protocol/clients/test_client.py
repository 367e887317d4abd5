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

"""A client, and when what it has authenticated with expires."""

import datetime

from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base

EARLY = datetime.datetime(2026, 1, 1)
LATE = datetime.datetime(2027, 1, 1)


def authenticator(expires_at=None, authenticator_id='x'):
    return registration.Authenticator(
        kind=registration.SECRET,
        fingerprint='x',
        expires_at=expires_at,
        id=authenticator_id,
        client_id='client',
    )


def client(**attributes):
    return clients.Client(
        id='client', user_id='user', project_id='project', **attributes
    )


class ClientTest(base.TestCase):
    def test_client_without_chosen_methods_may_use_any_method(self):
        self.assertTrue(client().may_use('private_key_jwt'))

    def test_client_may_use_its_chosen_methods_only(self):
        """B11: an empty choice does not mean any method."""
        for methods, may_use in (
            ({'private_key_jwt'}, True),
            ({'client_secret_basic', 'private_key_jwt'}, True),
            ({'client_secret_basic'}, False),
            ((), False),
        ):
            with self.variant(methods):
                one = client(methods=frozenset(methods))
                self.assertIs(may_use, one.may_use('private_key_jwt'))

    def test_own_secret_is_the_one_with_the_id_of_the_client(self):
        """B11: a registered secret is another one."""
        own = authenticator(authenticator_id='client')
        other = authenticator()
        for authenticators, expected in (
            ((other, own), own),
            ((other,), None),
            ((), None),
        ):
            with self.variant(authenticators):
                one = client(authenticators=authenticators)
                self.assertEqual(expected, one.own_secret)


class AuthenticatedClientTest(base.TestCase):
    def test_it_has_the_id_of_the_client(self):
        one = clients.AuthenticatedClient(client=client(), method='x')
        self.assertEqual('client', one.id)

    def test_it_ends_with_its_authenticator_or_its_certificate(self):
        """K04: whichever is earlier."""
        for registered, bound_to, expected in (
            (None, None, None),
            (authenticator(), None, None),
            (authenticator(EARLY), None, EARLY),
            (authenticator(EARLY), LATE, EARLY),
            (authenticator(LATE), EARLY, EARLY),
            (authenticator(), LATE, LATE),
            (None, LATE, LATE),
        ):
            with self.variant((registered, bound_to)):
                one = clients.AuthenticatedClient(
                    client=client(),
                    method='x',
                    authenticator=registered,
                    confirmation=bound_to
                    and confirmation.Confirmation('x', 'x', bound_to),
                )
                self.assertEqual(expected, one.ends_at)

    def test_certificate_with_an_unknown_end_does_not_count(self):
        one = clients.AuthenticatedClient(
            client=client(),
            method='x',
            authenticator=authenticator(LATE),
            confirmation=confirmation.Confirmation('x'),
        )
        self.assertEqual(LATE, one.ends_at)
