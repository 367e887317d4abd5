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

"""Authentication with a JWT signed by the client (RFC 7523)."""

import datetime
import time
import urllib.parse

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol import strategies
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class ClientTest(jwts.PrivateKeyJWTTestCase):
    """The outcomes of valid and invalid assertions."""

    def test_valid_assertion_authenticates_the_client(self):
        """C02: with the delegation of its application credential."""
        self.clients.unregister_all()
        key = self.register(jwts.SIGNER.jwk)
        authenticated = clients.AuthenticatedClient(
            client=self.clients.find('client'),
            method='private_key_jwt',
            authenticator=key,
        )
        self.assertEqual(authenticated, self.verify_signed(jwts.claims()))
        self.replay_cache.consumed.clear()
        self.assertEqual(
            authenticated,
            self.authenticate(jwts.sign(jwts.HEADER, jwts.claims())),
        )

    def test_client_expires_with_the_key_that_was_used(self):
        """K04: not with another one."""
        end = datetime.datetime(2099, 1, 1)
        key = jwts.SIGNER.jwk
        self.clients.register(registration.KEY, key, expires_at=end)
        self.assertIsNone(self.verify_signed(jwts.claims()).ends_at)
        self.clients.unregister_all()
        self.clients.register(registration.KEY, key, expires_at=end)
        self.assertEqual(end, self.verify_signed(jwts.claims()).ends_at)

    def test_use_of_the_key_is_recorded(self):
        self.register(assertions.Signer('client', jwts.ISSUER).jwk)
        signer = assertions.Signer('client', jwts.ISSUER)
        key = self.register(signer.jwk)
        self.authenticate(jwts.sign(jwts.HEADER, jwts.claims(), signer))
        self.assertEqual([('client', key.id)], self.clients.uses)

    def test_unusable_client_is_refused(self):
        """C09: so is an unknown one, or one whose user cannot log in."""
        self.assert_client_refused(
            'unknown client', jwts.claims(iss='unknown', sub='unknown')
        )
        for reason in ('it has expired', 'the user is disabled'):
            with self.variant(reason):
                self.clients.refusals['client'] = reason
                self.assert_client_refused(reason, jwts.claims())

    def test_client_without_a_key_is_refused(self):
        """C07: whatever it sends."""
        self.clients.add('keyless')
        self.clients.register(registration.CERTIFICATE, {}, 'keyless')
        changed = jwts.claims(iss='keyless', sub='keyless')
        self.assert_client_refused(
            'nothing is registered for private_key_jwt', changed
        )
        self.assert_refused('no registered key', changed)

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even if its key is still registered."""
        self.clients.change(methods=frozenset(['tls_client_auth']))
        self.assert_client_refused(
            'not registered for private_key_jwt', jwts.claims()
        )
        self.clients.change(
            methods=frozenset(['tls_client_auth', 'private_key_jwt'])
        )
        assertion = jwts.sign(jwts.HEADER, jwts.claims())
        self.assertEqual('client', self.authenticate(assertion).id)

    def test_method_has_no_http_scheme(self):
        """B06: a challenge cannot name it."""
        self.assertIsNone(self.method.scheme)

    def test_any_failure_is_invalid_client(self):
        """C09: never another code; only the log has the reason."""
        for assertion in (
            'nonsense',
            jwts.sign(jwts.HEADER, jwts.claims(iss='other')),
            jwts.sign(jwts.HEADER, jwts.claims(iss='unknown', sub='unknown')),
            jwts.sign(
                jwts.HEADER, jwts.claims(aud='https://another.example.com')
            ),
            jwts.sign(jwts.HEADER, jwts.claims(exp=1)),
            jwts.sign(jwts.HEADER, jwts.claims(nbf=time.time() + 600)),
            jwts.sign(jwts.HEADER, jwts.without('jti')),
            jwts.sign(jwts.HEADER, jwts.claims(), jwts.OTHER_SIGNER),
            jwts.sign({**jwts.HEADER, 'typ': 'at+jwt'}, jwts.claims()),
        ):
            with self.variant(assertion):
                error = self.assert_raises(
                    errors.InvalidClient, self.authenticate, assertion
                )
                self.assertEqual('invalid_client', error.code)
                self.assertEqual(401, error.status)
                self.assertNotIn(error.detail, error.description)
        self.assertEqual({}, self.replay_cache.consumed)


values = strategies.json_values(max_size=20, max_leaves=8)
claim_names = st.sampled_from(
    ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']
)
header_names = st.sampled_from(['alg', 'typ', 'kid', 'crit', 'b64', 'jwk'])


class NothingElseTest(jwts.PrivateKeyJWTTestCase):
    """C09: the response to any input is an OAuth error."""

    def try_out(self, assertion):
        """Return the client, or None if it is refused."""
        self.replay_cache.consumed.clear()
        try:
            return self.verify(assertion)
        except (errors.OAuthError, ports.Refused):
            return None

    @hypothesis.given(st.text(strategies.characters))
    def test_any_text_is_refused(self, text):
        self.assertIsNone(self.try_out(text))

    @hypothesis.given(st.lists(st.binary(), min_size=3, max_size=3))
    def test_any_three_parts_are_refused(self, parts):
        self.assertIsNone(self.try_out('.'.join(map(jwts.encoded, parts))))

    @hypothesis.given(st.binary(max_size=200), st.binary(max_size=200))
    def test_any_bytes_in_a_body_are_refused(self, kind, assertion):
        """C01: before they are decoded."""
        authentication = protocol_base.authentication(
            [self.method], client_store=self.clients
        )
        for sent in (kind, assertions.TYPE):
            body = urllib.parse.urlencode(
                {'client_assertion_type': sent, 'client_assertion': assertion}
            )
            request = protocol_base.request(body)
            self.assertRaises(
                errors.OAuthError,
                lambda request=request: authentication.authenticate(
                    request, parameters.read(request)
                ),
            )

    @hypothesis.given(values, values)
    def test_any_signed_json_is_refused(self, header, payload):
        self.assertIsNone(self.try_out(jwts.sign(header, payload)))

    @hypothesis.given(
        st.dictionaries(claim_names, values, max_size=3),
        st.dictionaries(header_names, values, max_size=2),
    )
    def test_any_claims_and_header_are_accepted_or_refused(self, sent, header):
        """C07: even if signed with a registered key."""
        client = self.try_out(
            jwts.sign({**jwts.HEADER, **header}, jwts.claims(**sent))
        )
        self.assertIn(client and client.id, (None, 'client'))
