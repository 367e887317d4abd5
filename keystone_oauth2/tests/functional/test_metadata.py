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

"""Authorization server metadata (RFC 8414)."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import base as functional_base
from keystone_oauth2.tests.support import matchers

WELL_KNOWN = '/.well-known/oauth-authorization-server'
BELOW = f'/v3/OS-OAUTH2{WELL_KNOWN}'
ISSUER = 'https://keystone.example.com/identity/v3'
DEFAULT_METHODS = [
    'tls_client_auth',
    'client_secret_basic',
    'client_secret_post',
]
ALL_METHODS = [
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'private_key_jwt',
    'federated_jwt',
    'client_secret_basic',
    'client_secret_post',
]
ALGORITHMS = [
    'ES256',
    'ES384',
    'ES512',
    'Ed25519',
    'EdDSA',
    'PS256',
    'PS384',
    'PS512',
    'RS256',
    'RS384',
    'RS512',
]


def document(issuer=ISSUER, base_url=None, methods=None, **further):
    """Return the expected metadata, by default for default options."""
    endpoint = f'{base_url or issuer}/OS-OAUTH2'
    methods = [
        # At the wire, both are the same method (RFC 7523, 2.2).
        {'federated_jwt': 'private_key_jwt'}.get(name, name)
        for name in methods or DEFAULT_METHODS
    ]
    methods = list(dict.fromkeys(methods))
    if {'tls_client_auth', 'self_signed_tls_client_auth'} & set(methods):
        further['tls_client_certificate_bound_access_tokens'] = True
    if 'private_key_jwt' in methods:
        for name in ('token', 'introspection', 'revocation'):
            member = f'{name}_endpoint_auth_signing_alg_values_supported'
            further[member] = ALGORITHMS
    return {
        'issuer': issuer,
        'token_endpoint': f'{endpoint}/token',
        'introspection_endpoint': f'{endpoint}/introspect',
        'revocation_endpoint': f'{endpoint}/revoke',
        'response_types_supported': [],
        'grant_types_supported': ['client_credentials'],
        'token_endpoint_auth_methods_supported': methods,
        'introspection_endpoint_auth_methods_supported': methods,
        'revocation_endpoint_auth_methods_supported': methods,
        **further,
    }


class MetadataTestCase(base.TestCase):
    """Each test starts its own Keystone, and creates nothing."""

    def _fake_logs(self):
        # Keystone logs to a file, which a captured log would replace.
        pass

    def boot(self, public_endpoint=None, **options):
        """Start Keystone with these options of [oauth2]."""
        options = {
            'DEFAULT': {'public_endpoint': public_endpoint},
            'oauth2': options,
        }
        return self.useFixture(fixture.Keystone(options))

    def assert_answers(self, expected, keystone, path, headers=None):
        """Assert that a path returns exactly this metadata."""
        answer = keystone.request('GET', path, headers=headers)
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual('application/json', answer.headers['Content-Type'])
        self.assertEqual(expected, answer.json)
        self.assertNotIn('WWW-Authenticate', answer.headers)
        return answer


class IssuerTest(MetadataTestCase):
    def test_document_is_at_the_well_known_place_and_below_the_api(self):
        """H01: the latter is for deployments that serve only a prefix."""
        keystone = self.boot(issuer=ISSUER)
        for path in (f'{WELL_KNOWN}/identity/v3', BELOW):
            with self.variant(path):
                self.assert_answers(document(), keystone, path)
        for path in (
            WELL_KNOWN,
            f'{WELL_KNOWN}/v3',
            f'{WELL_KNOWN}/identity',
            f'/identity/v3{WELL_KNOWN}',
            f'/v3{WELL_KNOWN}',
        ):
            with self.variant(path):
                answer = keystone.request('GET', path)
                self.assertEqual(404, answer.status)
                self.assertNotIn('issuer', answer.text)

    def test_issuer_without_a_path_has_the_document_at_the_root(self):
        """H01: nothing is appended."""
        issuer = 'https://keystone.example.com'
        keystone = self.boot('https://public.example.com', issuer=issuer)
        self.assert_answers(
            document(issuer, 'https://public.example.com/v3'),
            keystone,
            WELL_KNOWN,
        )

    def test_issuer_comes_from_the_public_endpoint(self):
        """H02: with the version of the API, and one slash."""
        for endpoint, issuer in (
            ('https://cloud.example.com', 'https://cloud.example.com/v3'),
            ('https://c.example.com/', 'https://c.example.com/v3'),
            (
                'https://c.example.com:5000/a',
                'https://c.example.com:5000/a/v3',
            ),
        ):
            with self.variant(endpoint):
                keystone = fixture.Keystone(
                    {'DEFAULT': {'public_endpoint': endpoint}}
                )
                with keystone:
                    self.assert_answers(document(issuer), keystone, BELOW)

    def test_option_takes_precedence_over_the_public_endpoint(self):
        """H02: the endpoints stay below the public endpoint."""
        keystone = self.boot('https://cloud.example.com/a', issuer=ISSUER)
        self.assert_answers(
            document(ISSUER, 'https://cloud.example.com/a/v3'),
            keystone,
            BELOW,
        )

    def test_host_never_changes_the_document(self):
        """H02: it comes from the configuration, whatever the request."""
        keystone = self.boot(issuer=ISSUER)
        for headers in (
            {'Host': 'evil.example.com'},
            {'X-Forwarded-Host': 'evil.example.com'},
            {'X-Forwarded-Proto': 'http'},
            {'X-Forwarded-Prefix': '/evil'},
            {'Forwarded': 'host=evil.example.com;proto=http'},
        ):
            with self.variant(headers):
                self.assert_answers(document(), keystone, BELOW, headers)

    def test_without_issuer_there_is_no_document(self):
        """H02: nor with a public endpoint without https."""
        for endpoint in (None, 'http://cloud.example.com'):
            keystone = fixture.Keystone(
                {'DEFAULT': {'public_endpoint': endpoint}}
            )
            with self.variant(endpoint), keystone:
                answer = keystone.request('GET', BELOW)
                self.assertEqual(404, answer.status)
                self.assertEqual('invalid_request', answer.json['error'])
                for path in (WELL_KNOWN, f'{WELL_KNOWN}/v3'):
                    answer = keystone.request('GET', path)
                    self.assertEqual(404, answer.status)


class WrongOptionTest(MetadataTestCase):
    def assert_refused(self, option, **options):
        """Assert that Keystone does not start, and names the option."""
        keystone = fixture.Keystone(
            {'DEFAULT': {'debug': False}, 'oauth2': options}
        )
        error = self.assertRaises(fixture.StartUpRefused, keystone.setUp)
        self.assertIn(f'[oauth2] {option}: ', str(error))
        self.assertIn('set it to an https URL such as https://', str(error))
        self.assertNotIn('Traceback', keystone.log)

    def test_wrong_issuer_stops_keystone(self):
        """H02: with one sentence that has option and remedy."""
        for issuer in (
            'http://keystone.example.com/v3',
            'keystone.example.com',
            'https://',
            'https:///v3',
            'https://keystone.example.com/v3?',
            'https://keystone.example.com/v3?a=b',
            'https://keystone.example.com/v3#',
            'https://keystone.example.com/v3#a',
            'https://keystone.example.com/v3/',
            'https://keystone.example.com:port/v3',
            'https://user:secret@keystone.example.com/v3',
            'https://keystone.example.com/a b',
            'https://keystone.example.com/<a>/v3',
            'nonsense',
        ):
            with self.variant(issuer):
                self.assert_refused('issuer', issuer=issuer)

    def test_wrong_endpoint_for_certificates_stops_keystone(self):
        """D09: certificates require TLS."""
        for endpoint in (
            'http://mtls.example.com/v3',
            'mtls.example.com',
            'https://mtls.example.com/v3?a=b',
        ):
            with self.variant(endpoint):
                self.assert_refused(
                    'mtls_endpoint', issuer=ISSUER, mtls_endpoint=endpoint
                )


class AdvertisedTest(MetadataTestCase):
    def test_only_enabled_features_are_advertised(self):
        """H04: B10, strongest first; H03, algorithms if there are JWTs."""
        for methods in (
            *([method] for method in ALL_METHODS),
            ['tls_client_auth', 'client_secret_basic'],
            ALL_METHODS,
        ):
            keystone = fixture.Keystone(
                {
                    'oauth2': {
                        'issuer': ISSUER,
                        'oauth2_authn_methods': sorted(methods),
                    }
                }
            )
            with self.variant(methods), keystone:
                self.assert_answers(document(methods=methods), keystone, BELOW)

    def test_endpoint_for_certificates_is_advertised(self):
        """D09: if Mutual-TLS has its own host or port."""
        for endpoint in (
            'https://mtls.example.com:5001/identity/v3',
            'https://mtls.example.com:5001/identity/v3/',
        ):
            keystone = fixture.Keystone(
                {'oauth2': {'issuer': ISSUER, 'mtls_endpoint': endpoint}}
            )
            with self.variant(endpoint), keystone:
                url = f'{endpoint.rstrip("/")}/OS-OAUTH2'
                self.assert_answers(
                    document(
                        mtls_endpoint_aliases={
                            'token_endpoint': f'{url}/token',
                            'introspection_endpoint': f'{url}/introspect',
                            'revocation_endpoint': f'{url}/revoke',
                        }
                    ),
                    keystone,
                    BELOW,
                )

    def test_endpoint_for_certificates_serves_both_methods(self):
        """D09: self-signed certificates use it, too."""
        url = 'https://mtls.example.com/v3'
        methods = ['self_signed_tls_client_auth']
        keystone = self.boot(
            issuer=ISSUER, mtls_endpoint=url, oauth2_authn_methods=methods
        )
        answer = keystone.request('GET', BELOW).json
        self.assertEqual(
            f'{url}/OS-OAUTH2/token',
            answer.pop('mtls_endpoint_aliases')['token_endpoint'],
        )
        self.assertEqual(document(methods=methods), answer)

    def test_endpoint_for_certificates_needs_the_method(self):
        """D09: H04, otherwise it is not advertised."""
        keystone = self.boot(
            issuer=ISSUER,
            mtls_endpoint='https://mtls.example.com/v3',
            oauth2_authn_methods='client_secret_basic',
        )
        self.assert_answers(
            document(methods=['client_secret_basic']), keystone, BELOW
        )

    def test_advertised_endpoints_exist(self):
        """H04: each of them answers at its advertised path."""
        issuer = 'https://keystone.example.com/v3'
        keystone = self.boot(issuer=issuer)
        found = keystone.request('GET', f'{WELL_KNOWN}/v3').json
        for name in ('token', 'introspection', 'revocation'):
            url = found[f'{name}_endpoint']
            path = url.removeprefix('https://keystone.example.com')
            with self.variant(path):
                answer = keystone.request('POST', path, form={'a': 'b'})
                self.assertThat(
                    answer,
                    matchers.IsOAuthError(
                        400, 'invalid_request', description='is missing'
                    ),
                )


class MethodsTest(MetadataTestCase):
    def setUp(self):
        super().setUp()
        self.keystone = self.boot(issuer='https://keystone.example.com/v3')

    def test_head_returns_the_answer_of_get_without_the_body(self):
        """H01: RFC 9110, 9.3.2."""
        for path in (BELOW, f'{WELL_KNOWN}/v3'):
            with self.variant(path):
                got = self.keystone.request('GET', path)
                answer = self.keystone.request('HEAD', path)
                self.assertEqual(200, answer.status)
                self.assertEqual(b'', answer.body)
                for name in ('Content-Type', 'Content-Length'):
                    self.assertEqual(got.headers[name], answer.headers[name])

    def test_options_names_the_methods(self):
        """H01: RFC 9110, 9.3.7."""
        for path in (BELOW, f'{WELL_KNOWN}/v3'):
            with self.variant(path):
                answer = self.keystone.request('OPTIONS', path)
                self.assertEqual(200, answer.status)
                self.assertEqual(b'', answer.body)
                self.assertEqual(
                    {'GET', 'HEAD', 'OPTIONS'},
                    set(answer.headers['Allow'].split(', ')),
                )

    def test_other_methods_are_not_allowed(self):
        """H01: the answer is JSON with Allow, at both URLs."""
        for path in (BELOW, f'{WELL_KNOWN}/v3'):
            for method in ('POST', 'PUT', 'PATCH', 'DELETE', 'PURGE'):
                for arguments in ({}, {'form': {'a': 'b'}}):
                    with self.variant((method, path, arguments)):
                        self.assertThat(
                            self.keystone.request(method, path, **arguments),
                            matchers.IsOAuthError(
                                405,
                                'invalid_request',
                                allow='GET, HEAD, OPTIONS',
                            ),
                        )

    def test_no_authentication_is_required(self):
        """H01: with credentials or without, right or wrong."""
        for headers in (
            {'Authorization': functional_base.basic('x', 'x')},
            {'Authorization': b'\xff'},
            {'Accept': 'text/html'},
        ):
            with self.variant(headers):
                answer = self.keystone.request('GET', BELOW, headers=headers)
                self.assertEqual(200, answer.status)
                self.assertEqual(
                    'application/json', answer.headers['Content-Type']
                )
