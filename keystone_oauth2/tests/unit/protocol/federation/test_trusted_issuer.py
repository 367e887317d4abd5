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

"""Issuers that an operator may trust (RFC 8725, 3.8 to 3.10)."""

import dataclasses

from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol.federation import issuers

URLS = (
    'https://issuer.example.com',
    'https://issuer.example.com/',
    'https://issuer.example.com:8443/realms/a',
    'https://[2001:db8::1]/',
    'https://a',
    'https://a/%20',
)
NO_URLS = (
    '',
    'issuer',
    'http://issuer.example.com',
    'HTTPS://issuer.example.com',
    'https:issuer.example.com',
    'https://',
    'https:///path',
    'https://:443/',
    'https://a:0/',
    'https://a:65536/',
    'https://a:b/',
    'https://[::1/',
    'https://user@a/',
    'https://user:password@a/',
    'https://@a/',
    'https://a/#',
    'https://a/#b',
    'https://a/ b',
    'https://a/\n',
    ' https://a/',
    'https://\xe9/',
    f'https://a/{"x" * 255}',
    'file:///etc/passwd',
    'spiffe://example.org',
)


class TrustedIssuerTestCase(base.TestCase):
    def make(self, **given):
        return issuers.trusted(**given)

    def assert_refused(self, reason, **given):
        error = self.assert_raises(ValueError, lambda: self.make(**given))
        self.assertIn(reason, str(error))


class PresetTest(TrustedIssuerTestCase):
    def test_each_kind_has_a_preset_that_can_be_trusted(self):
        for kind, preset in trusted_issuer.PRESETS.items():
            given = {} if preset.issuer else {'issuer': issuers.ISSUER}
            if kind == trusted_issuer.SPIFFE:
                given = {
                    'issuer': issuers.TRUST_DOMAIN,
                    'jwks_uri': 'https://bundle.example.org',
                }
            with self.variant(kind):
                made = trusted_issuer.make(
                    'id', kind, issuers.OWN_ISSUER, **given
                )
                self.assertEqual(('id', kind), (made.id, made.kind))
                for name, value in dataclasses.asdict(preset).items():
                    if name != 'issuer':
                        self.assertEqual(value, getattr(made, name))
                self.assertTrue(made.is_enabled)
                self.assertIsNone(made.jwks)

    def test_issuers_that_everybody_uses_must_be_bound_to_an_owner(self):
        """C10: a subject alone can be given to others."""
        for kind, claims in (
            ('github', ('repository_id', 'repository_owner_id')),
            ('gitlab', ('project_id', 'namespace_id')),
        ):
            with self.variant(kind):
                made = trusted_issuer.make(kind, kind, issuers.OWN_ISSUER)
                self.assertEqual(claims, made.required_claims)
                self.assertTrue(made.is_once)

    def test_preset_can_be_overridden(self):
        made = trusted_issuer.make(
            'ghes',
            'github',
            issuers.OWN_ISSUER,
            issuer='https://ghes.example.com/_services/token',
            max_lifetime=300,
            is_once=False,
        )
        self.assertEqual(
            'https://ghes.example.com/_services/token', made.issuer
        )
        self.assertEqual((300, False), (made.max_lifetime, made.is_once))

    def test_kind_without_an_issuer_of_its_own_needs_one(self):
        error = self.assert_raises(
            ValueError,
            trusted_issuer.make,
            'id',
            'kubernetes',
            issuers.OWN_ISSUER,
        )
        self.assertIn('The issuer must be an https URL', str(error))

    def test_unknown_kind_is_refused(self):
        self.assertRaises(
            KeyError, trusted_issuer.make, 'id', 'saml', issuers.OWN_ISSUER
        )


class CheckTest(TrustedIssuerTestCase):
    def test_id_is_short_and_can_be_part_of_a_url(self):
        for issuer_id in ('a', '0', 'K8s-prod_1.2', 'x' * 64):
            with self.variant(issuer_id):
                self.assertEqual(issuer_id, self.make(issuer_id=issuer_id).id)
        for issuer_id in (
            '',
            '-a',
            '.',
            '_',
            'a b',
            'a/b',
            'a\n',
            '\xe9',
            'x' * 65,
        ):
            with self.variant(issuer_id):
                self.assert_refused('The id must have', issuer_id=issuer_id)

    def test_issuer_is_an_https_url_without_a_query(self):
        """C10, C12: it is the exact iss, and where its keys are found."""
        for url in URLS:
            with self.variant(url):
                self.assertEqual(url, self.make(issuer=url).issuer)
        for url in (*NO_URLS, 'https://a/?', 'https://a/?b'):
            with self.variant(url):
                self.assert_refused(
                    'The issuer must be an https URL', issuer=url
                )

    def test_server_itself_cannot_be_a_trusted_issuer(self):
        """C08: our own access token as an assertion is refused."""
        self.assert_refused(
            'This server cannot be a trusted issuer',
            issuer=issuers.OWN_ISSUER,
        )

    def test_issuer_that_everybody_uses_is_of_its_own_kind(self):
        """C10: its rules protect its tenants from each other."""
        for kind in ('github', 'gitlab'):
            issuer = trusted_issuer.PRESETS[kind].issuer
            self.assertEqual(kind, self.make(kind=kind, issuer=issuer).kind)
            for other in {'oidc', 'kubernetes', 'github', 'gitlab'} - {kind}:
                with self.variant((kind, other)):
                    # An enterprise has a path of its own at GitHub.
                    for text in (issuer, f'{issuer}/octo'):
                        self.assert_refused(
                            f'has issuers of kind {kind} only',
                            kind=other,
                            issuer=text,
                        )

    def test_issuer_of_spiffe_is_a_trust_domain(self):
        """C11: without a path."""
        for issuer in ('spiffe://example.org', 'spiffe://a'):
            with self.variant(issuer):
                made = self.make(kind='spiffe', issuer=issuer)
                self.assertEqual(issuer, made.issuer)
        for issuer in (
            '',
            'example.org',
            'https://example.org',
            'spiffe://',
            'spiffe://example.org/',
            'spiffe://example.org/a',
            'spiffe://Example.org',
            'spiffe://example.org/*',
            'spiffe://*',
        ):
            with self.variant(issuer):
                self.assert_refused(
                    'The issuer must be spiffe://',
                    kind='spiffe',
                    issuer=issuer,
                )

    def test_keys_come_from_an_https_url(self):
        """C12: it may have a query, but no user and no fragment."""
        for url in (*URLS, 'https://a/?b=c'):
            with self.variant(url):
                made = self.make(key_source='jwks_uri', jwks_uri=url)
                self.assertEqual(url, made.jwks_uri)
        for url in NO_URLS:
            with self.variant(url):
                self.assert_refused(
                    'The URL of the keys must begin with https://',
                    key_source='jwks_uri',
                    jwks_uri=url,
                )

    def test_url_of_keys_is_given_only_if_keys_come_from_it(self):
        """C12: discovery finds its own."""
        reason = 'The URL of the keys must be given if they come from a URL'
        self.assert_refused(reason, key_source='jwks_uri')
        self.assert_refused(reason, kind='spiffe', jwks_uri=None)
        for key_source in ('discovery', 'jwks'):
            with self.variant(key_source):
                self.assert_refused(
                    reason, key_source=key_source, jwks_uri='https://a/'
                )

    def test_keys_in_a_file_must_be_given(self):
        self.assert_refused(
            'The keys must be given in a file', key_source='jwks', jwks=None
        )
        made = self.make(key_source='jwks')
        self.assertIsNotNone(made.jwks)

    def test_bundle_is_for_spiffe_and_discovery_for_others(self):
        """C11: a bundle has keys for several uses."""
        reason = 'A bundle endpoint is for SPIFFE only'
        self.assert_refused(
            reason, key_source='spiffe_bundle', jwks_uri='https://a/'
        )
        self.assert_refused(
            reason, kind='spiffe', key_source='discovery', jwks_uri=None
        )
        for key_source in ('spiffe_bundle', 'jwks_uri', 'jwks'):
            with self.variant(key_source):
                self.make(kind='spiffe', key_source=key_source)

    def test_algorithms_must_be_asymmetric_and_supported(self):
        """C07: neither none nor HMAC."""
        for algorithms in (('ES256',), ('RS256', 'PS512', 'EdDSA')):
            with self.variant(algorithms):
                self.make(algorithms=algorithms)
        for algorithms in (
            (),
            ('none',),
            ('HS256',),
            ('ES256', 'HS256'),
            ('es256',),
            ('ES256K',),
            ('',),
        ):
            with self.variant(algorithms):
                self.assert_refused(
                    'Algorithms must be some of', algorithms=algorithms
                )

    def test_lifetime_is_limited(self):
        """C04: to a day."""
        for seconds in (10, 86400):
            with self.variant(seconds):
                self.make(max_lifetime=seconds)
        for seconds in (-1, 0, 9, 86401):
            with self.variant(seconds):
                self.assert_refused(
                    'The longest lifetime must be', max_lifetime=seconds
                )

    def test_audience_is_visible_ascii(self):
        for audience in ('x', 'https://a/', 'api://AzureADTokenExchange'):
            with self.variant(audience):
                self.make(audience=audience)
        for audience in ('', 'a b', 'a\n', '\xe9', 'x' * 256):
            with self.variant(audience):
                self.assert_refused(
                    'The audience must have', audience=audience
                )

    def test_audience_must_not_be_the_issuer(self):
        """C03: such as the API server of a Kubernetes cluster."""
        self.assert_refused(
            'The audience must not be the issuer', audience=issuers.ISSUER
        )

    def test_required_claims_are_names_of_claims(self):
        self.make(required_claims=('a', '/b/c'))
        self.make(required_claims=('a',) * 10)
        self.assert_refused(
            'At most 10 claims can be required', required_claims=('a',) * 11
        )
        for name in ('', 'a\n', '/~2'):
            with self.variant(name):
                self.assert_refused('name', required_claims=('a', name))

    def test_allowed_networks_are_networks(self):
        """C12: the exceptions to the rule that servers are public."""
        for network in ('10.0.0.0/8', '192.0.2.1', '::1', 'fd00::/8'):
            with self.variant(network):
                self.make(allowed_networks=(network,))
        for network in ('', 'example.com', '10.0.0.1/8', '10.0.0.0/33', '*'):
            with self.variant(network):
                self.assert_refused(
                    'is not a network such as 10.0.0.0/8',
                    allowed_networks=('10.0.0.0/8', network),
                )
        self.assert_refused(
            'At most 20 networks can be allowed',
            allowed_networks=('10.0.0.0/8',) * 21,
        )
