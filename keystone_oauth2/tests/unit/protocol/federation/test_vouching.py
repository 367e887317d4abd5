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

"""Whether a trusted issuer vouches for an assertion (RFC 7523, 3)."""

import dataclasses
import time

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests.unit.protocol.client_auth import jwts
from keystone_oauth2.tests.unit.protocol.federation import issuers


def read(text, kind=evidence.Assertion):
    """Return the evidence with an assertion of a client."""
    return kind('client', text, *evidence.parts(text))


class VouchingTestCase(issuers.FederationTestCase):
    def vouch(self, text, kind=evidence.Assertion):
        """Return the ids of the issuers that vouch for an assertion."""
        found = self.vouching.issuers(read(text, kind))
        return [issuer.id for issuer in found]

    def assert_vouched(self, text, *expected, kind=evidence.Assertion):
        self.assertEqual(list(expected or ['issuer']), self.vouch(text, kind))

    def assert_refused(self, reason, text, kind=evidence.Assertion):
        error = self.assert_raises(ports.Refused, self.vouch, text, kind)
        self.assertEqual(f'assertion: {reason}', str(error))
        self.assertFalse(error.was_slow)

    def assert_unavailable(self, text, kind=evidence.Assertion):
        error = self.assert_raises(
            errors.TemporarilyUnavailable, self.vouch, text, kind
        )
        self.assertEqual({'Retry-After': '2'}, error.headers)
        self.assertEqual(503, error.status)


class IssuerTest(VouchingTestCase):
    NONE = 'it has no trusted issuer'

    def test_trusted_issuer_vouches(self):
        """C10: for what it has signed."""
        self.assert_vouched(issuers.KEY.sign(issuers.claims()))
        self.assertEqual([issuers.ISSUER], self.issuers.searches)
        self.assertEqual([], self.fetcher.wanted)

    def test_assertion_of_no_trusted_issuer_is_refused(self):
        """C10, C12: nor are keys fetched, whatever it says."""
        for name in (
            'https://other.example.com',
            'https://ISSUER.example.com',
            f'{issuers.ISSUER}:443',
            f'{issuers.ISSUER}/a',
            'client',
            '',
            '*',
            '\ud800',
        ):
            with self.variant(name):
                token = issuers.KEY.sign(issuers.claims(iss=name))
                self.assert_refused(self.NONE, token)
        self.assertEqual([], self.fetcher.wanted)

    def test_issuer_mixed_up_by_a_trailing_slash_is_refused(self):
        """C10: the comparison is exact, in both directions."""
        with_slash = f'{issuers.ISSUER}/'
        token = issuers.KEY.sign(issuers.claims(iss=with_slash))
        self.assert_refused(self.NONE, token)
        self.issuers.add(issuers.trusted(issuer=with_slash))
        self.assert_vouched(token)
        self.assert_refused(self.NONE, issuers.KEY.sign(issuers.claims()))

    def test_issuer_that_is_not_a_text_is_refused(self):
        """C10, K06: as is a missing one."""
        for name in (None, 1, True, [issuers.ISSUER], {}):
            with self.variant(name):
                claims = {**issuers.claims(), 'iss': name}
                # PyJWT checks this claim itself.
                token = jwts.sign({'alg': 'ES256'}, claims)
                self.assert_refused(self.NONE, token)
        self.assert_refused(
            self.NONE, issuers.KEY.sign(issuers.claims(iss=None))
        )
        self.assertEqual([], self.issuers.searches)

    def test_own_issuer_is_never_trusted(self):
        """C08, C10: even if it was another one when that was registered."""
        self.issuers.add(
            dataclasses.replace(issuers.trusted(), issuer=issuers.OWN_ISSUER)
        )
        token = issuers.KEY.sign(issuers.claims(iss=issuers.OWN_ISSUER))
        self.assert_refused(self.NONE, token)

    def test_issuer_that_is_disabled_between_is_refused(self):
        """C10: as is one that was removed."""
        token = issuers.KEY.sign(issuers.claims())
        self.assert_vouched(token)
        self.issuers.add(issuers.trusted(is_enabled=False))
        self.assert_refused(self.NONE, token)
        self.issuers.remove('issuer')
        self.assert_refused(self.NONE, token)
        self.assertEqual([], self.fetcher.wanted)

    def test_two_issuers_with_one_iss_vouch_only_for_their_own(self):
        """C10: such as two Kubernetes clusters with the default issuer."""
        self.issuers.add(
            issuers.trusted('one', jwks=issuers.jwks(issuers.OTHER_KEY)),
            issuers.trusted('namesake', jwks=issuers.jwks(issuers.Key('key'))),
        )
        for key, issuer_id in (
            (issuers.KEY, 'issuer'),
            (issuers.OTHER_KEY, 'one'),
        ):
            for kid in ({}, {'kid': None}):
                with self.variant((issuer_id, kid)):
                    token = key.sign(issuers.claims(), **kid)
                    self.assert_vouched(token, issuer_id)
        # By the key of one, with the id of the key of another.
        token = issuers.OTHER_KEY.sign(issuers.claims(), kid='key')
        self.assert_refused(
            'no key of trusted issuer issuer, namesake has signed it', token
        )

    def test_issuers_with_the_same_keys_both_vouch(self):
        """C10: if their rules allow the assertion."""
        self.issuers.add(
            issuers.trusted('again'),
            issuers.trusted('short', max_lifetime=10),
            issuers.trusted('else', audience='https://other.example.com'),
            issuers.trusted('RSA', algorithms=('RS256',)),
        )
        token = issuers.KEY.sign(issuers.claims())
        self.assert_vouched(token, 'issuer', 'again')

    def test_assertion_type_of_spiffe_is_never_mixed_with_the_other(self):
        """C11: whatever the assertion says, and with the same keys."""
        self.issuers.add(issuers.trusted('spiffe', 'spiffe'))
        workload = f'{issuers.TRUST_DOMAIN}/a'
        for iss, subject, bearer, spiffe in (
            (issuers.ISSUER, 'a', 'issuer', None),
            (issuers.ISSUER, workload, 'issuer', 'spiffe'),
            (issuers.TRUST_DOMAIN, workload, None, 'spiffe'),
            (issuers.TRUST_DOMAIN, 'a', None, None),
            (issuers.TRUST_DOMAIN, issuers.ISSUER, None, None),
            (None, workload, None, 'spiffe'),
            (None, 'a', None, None),
        ):
            token = issuers.KEY.sign(issuers.claims(iss=iss, sub=subject))
            for kind, expected in (
                (evidence.Assertion, bearer),
                (evidence.SpiffeAssertion, spiffe),
            ):
                with self.variant((iss, subject, kind)):
                    if expected is None:
                        self.assert_refused(self.NONE, token, kind)
                    else:
                        self.assert_vouched(token, expected, kind=kind)


class SpiffeTest(VouchingTestCase):
    """C11: the issuer is found by the subject."""

    KIND = evidence.SpiffeAssertion

    def setUp(self):
        super().setUp()
        self.issuers.add(issuers.trusted('spiffe', 'spiffe'))

    def sign(self, **changed):
        claims = {'sub': f'{issuers.TRUST_DOMAIN}/a', **changed}
        return issuers.KEY.sign(
            issuers.claims(**{'iss': None, 'jti': None, **claims})
        )

    def test_issuer_and_id_may_be_missing(self):
        self.assert_vouched(self.sign(), 'spiffe', kind=self.KIND)

    def test_other_trust_domain_is_refused(self):
        for subject in (
            'spiffe://example.com/a',
            'spiffe://example.org.example.com/a',
            'spiffe://Example.org/a',
            f'{issuers.TRUST_DOMAIN}/',
            f'{issuers.TRUST_DOMAIN}/a/../b',
            'a',
            '',
            None,
        ):
            with self.variant(subject):
                self.assert_refused(
                    'it has no trusted issuer',
                    self.sign(sub=subject),
                    self.KIND,
                )
        self.assertEqual([], self.fetcher.wanted)

    def test_audience_is_this_server_only(self):
        """C03: as of any other assertion."""
        for audience in ([issuers.OWN_ISSUER, 'a'], 'a', None):
            with self.variant(audience):
                self.assert_refused(
                    f'aud must be {issuers.OWN_ISSUER} only',
                    self.sign(aud=audience),
                    self.KIND,
                )

    def test_expiry_is_required(self):
        """C04: as of any other assertion."""
        self.assert_refused('exp is missing', self.sign(exp=None), self.KIND)


class AudienceTest(VouchingTestCase):
    def test_confused_deputy_is_refused(self):
        """C03: an assertion for another service, or for several."""
        for audience in (
            'https://other.example.com',
            # The API server of a Kubernetes cluster.
            'https://kubernetes.default.svc.cluster.local',
            issuers.ISSUER,
            issuers.TOKEN_ENDPOINT,
            f'{issuers.OWN_ISSUER}/',
            'client',
            '',
            [],
            [issuers.TOKEN_ENDPOINT],
            [issuers.OWN_ISSUER, 'https://other.example.com'],
            ['https://other.example.com', issuers.OWN_ISSUER],
            [issuers.OWN_ISSUER, issuers.OWN_ISSUER],
            [[issuers.OWN_ISSUER]],
            {issuers.OWN_ISSUER: ''},
            None,
            1,
            True,
        ):
            with self.variant(audience):
                token = issuers.KEY.sign(issuers.claims(aud=audience))
                self.assert_refused(
                    f'aud must be {issuers.OWN_ISSUER} only', token
                )

    def test_audience_may_be_a_list_of_one(self):
        """C03: as Kubernetes sends it."""
        self.assert_vouched(
            issuers.KEY.sign(issuers.claims(aud=[issuers.OWN_ISSUER]))
        )

    def test_audience_that_the_operator_has_set_is_the_only_one(self):
        """C03, C10: then our own issuer identifier is refused."""
        audience = 'api://keystone'
        self.issuers.add(issuers.trusted(audience=audience))
        for sent in (audience, [audience]):
            with self.variant(sent):
                self.assert_vouched(issuers.KEY.sign(issuers.claims(aud=sent)))
        for sent in (
            issuers.OWN_ISSUER,
            [audience, issuers.OWN_ISSUER],
            f'{audience}/',
        ):
            with self.variant(sent):
                self.assert_refused(
                    f'aud must be {audience} only',
                    issuers.KEY.sign(issuers.claims(aud=sent)),
                )


class TimesTest(VouchingTestCase):
    def assert_times(self, reason, **changed):
        token = issuers.KEY.sign(issuers.claims(**changed))
        if reason is None:
            self.assert_vouched(token)
        else:
            self.assert_refused(reason, token)

    def test_expired_assertion_is_refused(self):
        """C04: without any tolerance."""
        now = int(time.time())
        self.assert_times('expired', exp=now - 1)
        self.assert_times('expired', exp=0)
        self.assert_times('exp is missing', exp=None)
        for end in ('', 'x', -1, True, [now + 60], 10**12, 1e300):
            with self.variant(end):
                self.assert_times_refused('exp is not a valid time', exp=end)

    def assert_times_refused(self, reason, **changed):
        """Sign claims that PyJWT does not sign."""
        claims = {**issuers.claims(), **changed}
        header = {'alg': 'ES256', 'kid': 'key'}
        text = jwts.sign(header, claims, issuers.KEY.signer)
        self.assert_refused(reason, text)

    def test_assertion_from_the_future_is_refused(self):
        """C05: 60 seconds ahead, but not 10."""
        now = int(time.time())
        for name in ('iat', 'nbf'):
            with self.variant(name):
                self.assert_times(None, **{name: now + 10})
                self.assert_times(
                    f'{name} is in the future', **{name: now + 60}
                )
                self.assert_times_refused(
                    f'{name} is not a valid time', **{name: None}
                )

    def test_end_that_is_too_far_away_is_refused(self):
        """C04: whatever the beginning is."""
        now = int(time.time())
        self.assert_times(None, exp=now + 600)
        for start in ({}, {'iat': None}):
            with self.variant(start):
                self.assert_times(
                    'exp is too far away', exp=now + 660, **start
                )

    def test_too_long_lifetime_is_refused(self):
        """C04: even if the rest of it is short."""
        now = int(time.time())
        self.assert_times(None, iat=now - 540, exp=now + 60)
        self.assert_times(
            'it is valid for more than 600 seconds',
            iat=now - 600,
            exp=now + 60,
        )
        self.assert_times(None, iat=None, exp=now + 60)
        self.issuers.add(issuers.trusted(kind='kubernetes'))
        self.assert_times(None, iat=now - 3000, exp=now + 600)

    def test_id_is_required_if_an_assertion_can_be_used_only_once(self):
        """C06: otherwise, it would be used again."""
        self.assert_times(None, jti=None)
        self.issuers.add(issuers.trusted(is_once=True))
        self.assert_times(None, jti='x')
        reason = 'jti is missing or not printable text'
        self.assert_times(reason, jti=None)
        for jti in (None, 1, True, ['x'], 'a\0'):
            with self.variant(jti):
                self.assert_times_refused(reason, jti=jti)
        self.assert_times_refused('jti is empty or too long', jti='')
        self.assert_times_refused('jti is empty or too long', jti='x' * 256)


class HeaderTest(VouchingTestCase):
    def assert_header(self, reason, **header):
        text = jwts.unsigned(
            {'alg': 'ES256', 'kid': 'key', **header}, issuers.claims()
        )
        self.assert_refused(reason, f'{text}.AAAA')

    def test_jwt_of_another_type_is_refused(self):
        """C08, I12: an access token or a DPoP proof is no assertion."""
        for media_type in (
            'at+jwt',
            'application/at+jwt',
            'dpop+jwt',
            'secevent+jwt',
            'logout+jwt',
            'JOSE',
            '',
        ):
            with self.variant(media_type):
                self.assert_header('unsupported typ', typ=media_type)
                token = issuers.KEY.sign(issuers.claims(), typ=media_type)
                if media_type:
                    self.assert_refused('unsupported typ', token)
        for value in (None, 1, ['JWT']):
            with self.variant(value):
                self.assert_header('typ is not a string', typ=value)

    def test_jwt_with_or_without_a_type_is_accepted(self):
        """C08: Kubernetes sends none."""
        for media_type in (None, 'JWT', 'jwt', 'client-authentication+jwt'):
            with self.variant(media_type):
                self.assert_vouched(
                    issuers.KEY.sign(issuers.claims(), typ=media_type)
                )

    def test_own_access_token_is_refused(self):
        """C08: our keys are those of no trusted issuer."""
        token = issuers.KEY.sign(
            issuers.claims(iss=issuers.OWN_ISSUER), typ='JWT'
        )
        self.assert_refused('it has no trusted issuer', token)

    def test_assertion_without_a_signature_is_refused(self):
        """C07: alg none, in any case, as a library writes it or not."""
        for algorithm in ('none', 'None', 'NONE', '', None, ['none']):
            with self.variant(algorithm):
                self.assert_header('unsupported alg', alg=algorithm)
        header, payload, _ = issuers.KEY.sign(issuers.claims()).split('.')
        self.assert_refused(
            'no key of trusted issuer issuer has signed it',
            f'{header}.{payload}.',
        )

    def test_hmac_with_the_public_key_is_refused(self):
        """C07: alg confusion."""
        self.issuers.add(issuers.trusted(jwks=issuers.jwks(issuers.RSA_KEY)))
        for algorithm in ('HS256', 'HS384', 'HS512'):
            for secret in issuers.public_forms(issuers.RSA_KEY):
                with self.variant((algorithm, secret)):
                    token = issuers.hmac_signed(
                        {'alg': algorithm, 'kid': 'rsa'},
                        issuers.claims(),
                        secret,
                    )
                    self.assert_refused('unsupported alg', token)

    def test_algorithm_that_the_issuer_may_not_use_is_refused(self):
        """C07, C10: though its key could be used with it."""
        self.issuers.add(
            issuers.trusted(
                jwks=issuers.jwks(issuers.RSA_KEY), algorithms=('RS256',)
            )
        )
        self.assert_vouched(issuers.RSA_KEY.sign(issuers.claims()))
        for algorithm in ('PS256', 'RS384', 'RS512'):
            with self.variant(algorithm):
                token = issuers.RSA_KEY.sign(issuers.claims(), alg=algorithm)
                self.assert_refused('unsupported alg', token)

    def test_key_in_the_header_is_ignored(self):
        """C10, C12: as are the URLs of keys: nothing is fetched."""
        stranger = issuers.Key('key')
        for member, value in (
            ('jwk', stranger.jwk()),
            ('jku', 'https://other.example.com/jwks'),
            ('x5u', 'https://other.example.com/certificate'),
            ('x5c', ['AAAA']),
        ):
            with self.variant(member):
                self.assert_refused(
                    'no key of trusted issuer issuer has signed it',
                    stranger.sign(issuers.claims(), **{member: value}),
                )
                self.assert_vouched(
                    issuers.KEY.sign(issuers.claims(), **{member: value})
                )
        self.assertEqual([], self.fetcher.wanted)

    def test_critical_parameter_is_refused(self):
        """C08: none is supported here (RFC 7515, 4.1.11)."""
        self.assert_header('unsupported crit', crit=['exp'])
        self.assert_header('unsupported b64', b64=False)
        self.assert_header('kid is not a string', kid=1)

    def test_malformed_header_causes_no_search(self):
        """C12: nor a fetch of keys."""
        self.assert_header('unsupported alg', alg='HS256', kid='unknown')
        self.assertEqual([], self.issuers.searches)
        self.assertEqual([], self.fetcher.wanted)
