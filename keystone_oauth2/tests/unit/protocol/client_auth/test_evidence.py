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

"""Which evidence a request carries (RFC 6749, 2.3)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base


class AttemptTest(base.TestCase):
    def assert_kinds(self, expected, authorization=None, **form):
        with self.variant((authorization, form)):
            self.assertEqual(
                expected,
                evidence.kinds(
                    protocol_base.request(authorization=authorization),
                    protocol_base.form(**form),
                ),
            )

    def test_any_authorization_field_is_an_attempt(self):
        """B05: the client made an attempt, so it gets an error."""
        for authorization in ('Basic x', 'Bearer x', 'nonsense', ''):
            self.assert_kinds([evidence.Basic], authorization)
        self.assert_kinds([], None)

    def test_secret_in_the_body_is_an_attempt(self):
        self.assert_kinds([evidence.PostedSecret], client_secret='x')
        self.assert_kinds(
            [evidence.PostedSecret], client_secret='x', client_id='y'
        )
        self.assert_kinds([], client_id='y')
        self.assert_kinds([])

    def test_assertion_or_its_type_is_an_attempt(self):
        """C01: either of them alone, too."""
        self.assert_kinds([evidence.Assertion], client_assertion='x')
        self.assert_kinds([evidence.Assertion], client_assertion_type='x')
        self.assert_kinds([], client_id='client')
        self.assert_kinds([], assertion='x')

    def test_each_attempt_is_seen(self):
        """B01: so that two of them can be refused."""
        self.assert_kinds(
            [evidence.Basic, evidence.PostedSecret], 'x', client_secret='x'
        )
        self.assert_kinds(
            [evidence.PostedSecret, evidence.Assertion],
            client_secret='x',
            client_assertion_type='x',
        )


class PostedSecretTest(base.TestCase):
    def read(self, **form):
        return evidence.PostedSecret.read(
            protocol_base.request(), protocol_base.form(**form)
        )

    def test_secret_has_one_reading(self):
        """B03: the form has already been decoded."""
        for secret in ('a+b', 'a%2Bb', '100%', ' '):
            with self.variant(secret):
                self.assertEqual(
                    evidence.PostedSecret('client', (secret,)),
                    self.read(client_id='client', client_secret=secret),
                )

    def test_secret_without_client_id_is_malformed(self):
        error = self.assert_raises(
            errors.MissingParameter, lambda: self.read(client_secret='a+b')
        )
        self.assertEqual('client_id is missing', error.detail)


class SecrecyTest(base.TestCase):
    def test_evidence_does_not_show_what_is_secret(self):
        """It may end up in a log, or in the report of a failure."""
        for found in (
            evidence.Basic('client', ('shown',)),
            evidence.PostedSecret('client', ('shown',)),
            evidence.Assertion(
                'client', 'shown', {'x': 'shown'}, {'x': 'shown'}
            ),
        ):
            with self.variant(type(found)):
                self.assertNotIn('shown', repr(found))
