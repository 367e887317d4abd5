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

"""The header of a client assertion (RFC 7515, 4.1)."""

from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class HeaderTest(jwts.PrivateKeyJWTTestCase):
    def test_critical_parameter_is_refused(self):
        """C08: none is supported here (RFC 7515, 4.1.11)."""
        for critical in (
            ['exp'],
            ['b64'],
            ['typ'],
            ['unknown'],
            [],
            None,
            'exp',
            {},
            1,
            [1],
        ):
            with self.variant(critical):
                header = {
                    **jwts.HEADER,
                    'crit': critical,
                    'b64': True,
                    'exp': 1,
                }
                self.assert_refused('unsupported crit', jwts.claims(), header)

    def test_unencoded_payload_is_refused(self):
        """C08: a JWT is always encoded (RFC 7797, 7)."""
        for value in (False, None, 0, 'false'):
            with self.variant(value):
                self.assert_refused(
                    'b64', jwts.claims(), {**jwts.HEADER, 'b64': value}
                )

    def test_key_id_must_be_a_string(self):
        """C01: otherwise it is not a valid JWT (RFC 7515, 4.1.4)."""
        for kid in (None, 1, ['x'], {}):
            with self.variant(kid):
                self.assert_refused(
                    'kid is not a string',
                    jwts.claims(),
                    {**jwts.HEADER, 'kid': kid},
                )

    def test_type_of_a_client_assertion_is_accepted(self):
        """C08: as is a header without a type."""
        self.assert_holds(jwts.claims(), jwts.HEADER)
        for media_type in (
            'JWT',
            'jwt',
            'client-authentication+jwt',
            'CLIENT-Authentication+JWT',
            'application/jwt',
            'application/client-authentication+jwt',
            'Application/JWT',
        ):
            with self.variant(media_type):
                self.assert_holds(
                    jwts.claims(), {**jwts.HEADER, 'typ': media_type}
                )

    def test_jwt_of_another_type_is_refused(self):
        """C08: it was issued for another purpose."""
        for media_type in (
            'at+jwt',
            'application/at+jwt',
            'dpop+jwt',
            'token-introspection+jwt',
            'secevent+jwt',
            'JOSE',
            'JWT ',
            'text/jwt',
            'application/application/jwt',
            '+jwt',
            '',
            '\ud800',
            None,
            1,
            ['JWT'],
            {},
        ):
            with self.variant(media_type):
                self.assert_refused(
                    'typ', jwts.claims(), {**jwts.HEADER, 'typ': media_type}
                )
