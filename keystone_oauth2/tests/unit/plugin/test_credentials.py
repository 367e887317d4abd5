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

"""What a client authenticates with, and the files that it is in."""

import base64
import json
import pathlib
import time
import urllib.parse

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed448
import fixtures
import hypothesis
from hypothesis import strategies as st
import jwt

from keystone_oauth2.plugin import credentials
from keystone_oauth2.plugin import errors
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions

ISSUER = 'https://keystone.example.com/v3'
ALGORITHMS = {
    'ES256': ('ES256',),
    'ES384': ('ES384',),
    'EdDSA': ('EdDSA', 'Ed25519'),
    'PS256': ('PS256', 'RS512'),
}


class FilesTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(folder, 'file')

    def write(self, text):
        """Write the file, and return its path."""
        self.path.write_text(text)
        return str(self.path)


class SecretTest(base.TestCase):
    def test_basic_encodes_both_parts(self):
        """B02: each is form-encoded (RFC 6749, 2.3.1)."""
        credential = credentials.ClientSecretBasic('a:b', lambda: '%+ \u20ac:')
        self.assertEqual({}, credential.parameters(ISSUER))
        scheme, encoded = credential.headers()['Authorization'].split()
        self.assertEqual('Basic', scheme)
        pair = base64.b64decode(encoded).decode().split(':')
        self.assertEqual(
            ['a:b', '%+ \u20ac:'],
            [urllib.parse.unquote_plus(part) for part in pair],
        )

    def test_post(self):
        credential = credentials.ClientSecretPost('id', lambda: 'secret')
        self.assertEqual({}, credential.headers())
        self.assertEqual(
            {'client_id': 'id', 'client_secret': 'secret'},
            credential.parameters(ISSUER),
        )


class KeyTest(FilesTestCase):
    def assertion(self, text, **options):
        """Return the assertion of a client with a key file."""
        credential = credentials.PrivateKeyJWT(
            'id', self.write(text), **options
        )
        self.assertEqual({}, credential.headers())
        form = credential.parameters(ISSUER)
        self.assertEqual('id', form['client_id'])
        self.assertEqual(assertions.TYPE, form['client_assertion_type'])
        return form['client_assertion']

    def test_claims(self):
        """C02, C03, C04: for the issuer only, once, and for a minute."""
        signer = assertions.Signer('id', ISSUER)
        first, second = (
            jwt.decode(
                self.assertion(signer.pem),
                signer.key.public_key(),
                ['ES256'],
                audience=ISSUER,
            )
            for _ in range(2)
        )
        self.assertEqual(('id', 'id'), (first['iss'], first['sub']))
        self.assertEqual(ISSUER, first['aud'])
        self.assertNotEqual(first['jti'], second['jti'])
        self.assertEqual(60, first['exp'] - first['iat'])
        self.assertLessEqual(abs(first['iat'] - time.time()), 5)

    def test_algorithms(self):
        """The preferred one for the key, or the one that is named."""
        for algorithm, names in ALGORITHMS.items():
            key = assertions.new_key(algorithm)
            signer = assertions.Signer('id', ISSUER, algorithm, key)
            private = assertions.jwk(key, algorithm, is_private=True)
            for text in (signer.pem, json.dumps(private)):
                for name in (None, *names):
                    with self.variant((algorithm, text[:1], name)):
                        token = self.assertion(text, algorithm=name)
                        header = jwt.get_unverified_header(token)
                        found = header['alg']
                        # PyJWT has one name for both.
                        expected = 'EdDSA' if name == 'Ed25519' else name
                        self.assertEqual(expected or algorithm, found)
                        jwt.decode(
                            token, key.public_key(), [found], audience=ISSUER
                        )

    def test_header(self):
        """The type; and the key id, of the option or the JWK."""
        key = assertions.new_key('ES256')
        private = assertions.jwk(key, 'ES256', is_private=True)
        for members, key_id, expected in (
            ({}, None, None),
            ({'kid': 'own'}, None, 'own'),
            ({'kid': 'own'}, 'given', 'given'),
            ({}, 'given', 'given'),
        ):
            with self.variant((members, key_id)):
                text = json.dumps({**private, **members})
                header = jwt.get_unverified_header(
                    self.assertion(text, key_id=key_id)
                )
                self.assertEqual('client-authentication+jwt', header['typ'])
                self.assertEqual(expected, header.get('kid'))

    def test_algorithm_of_another_key(self):
        signer = assertions.Signer('id', ISSUER)
        error = self.assertRaises(
            errors.AccessTokenError,
            self.assertion,
            signer.pem,
            algorithm='PS256',
        )
        self.assertIn('oauth2_signing_alg', str(error))
        self.assertIn('ES256', str(error))

    def test_file_is_read_anew(self):
        signers = [assertions.Signer('id', ISSUER) for _ in range(2)]
        credential = credentials.PrivateKeyJWT('id', str(self.path))
        for signer in signers:
            self.write(signer.pem)
            token = credential.parameters(ISSUER)['client_assertion']
            jwt.decode(
                token, signer.key.public_key(), ['ES256'], audience=ISSUER
            )

    def test_other_keys(self):
        """What is no private key for signatures is not used."""
        signer = assertions.Signer('id', ISSUER)
        public = signer.key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        private = assertions.jwk(signer.key, 'ES256', is_private=True)
        encrypted = serialization.BestAvailableEncryption(b'passphrase')
        for text in (
            '',
            '{',
            '[]',
            'null',
            '{}',
            '{"kty": "oct", "k": "c2VjcmV0"}',
            json.dumps(signer.jwk),
            json.dumps({**private, 'alg': 'ES384'}),
            json.dumps({**private, 'alg': 7}),
            json.dumps({**private, 'kid': 7}),
            public.decode(),
            _pem(signer.key, encrypted),
            _pem(dsa.generate_private_key(1024)),
            _pem(ed448.Ed448PrivateKey.generate()),
            _pem(ec.generate_private_key(ec.SECP256K1())),
            '{"kty":' * 100_000,
        ):
            with self.variant(text[:80]):
                error = self.assertRaises(
                    errors.AccessTokenError, self.assertion, text
                )
                self.assertIn(f'oauth2_key_file: {self.path} ', str(error))

    @hypothesis.given(
        st.text(max_size=200)
        | st.from_regex(r'\{"kty": "(RSA|EC|OKP|oct)".*\}')
    )
    def test_only_one_error(self, text):
        try:
            credentials.read_key(text)
        except ValueError as error:
            self.assertTrue(str(error).startswith(('must', 'has')))


class FileTest(FilesTestCase):
    def test_assertion(self):
        credential = credentials.AssertionFile('id', str(self.path))
        for text in ('first', 'second\n', 'third\r\n'):
            self.write(text)
            self.assertEqual(
                {
                    'client_id': 'id',
                    'client_assertion_type': assertions.TYPE,
                    'client_assertion': text.strip(),
                },
                credential.parameters(ISSUER),
            )

    def test_problem(self):
        """What is sent may be refused for more than these reasons."""
        credential = credentials.AssertionFile('id', str(self.path))
        option = 'oauth2_assertion_file'
        for claims, expected in (
            ({'exp': 1}, f'{option}: the JWT in {self.path} has expired'),
            ({'exp': 1.5}, f'{option}: the JWT in {self.path} has expired'),
            ({'exp': 2**40}, None),
            ({'exp': '1'}, None),
            ({}, None),
        ):
            with self.variant(claims):
                self.write(jwt.encode(claims, 'x' * 32))
                sent = credential.parameters(ISSUER)
                self.assertEqual(expected, credential.problem(sent))

    @hypothesis.given(st.text() | st.from_regex(r'e30\.[\w=-]*\.[\w]*'))
    def test_any_text_instead_of_an_assertion(self, text):
        credential = credentials.AssertionFile('id', '/jwt')
        self.assertIn(
            credential.problem({'client_assertion': text}),
            (
                'oauth2_assertion_file: /jwt has no JWT',
                'oauth2_assertion_file: the JWT in /jwt has expired',
                None,
            ),
        )

    def test_what_is_not_one_line(self):
        for text in ('', '\n', 'a\nb', 'a\0', 'a\rb', '\x7f'):
            with self.variant(text):
                error = self.assertRaises(
                    errors.AccessTokenError,
                    credentials.read_line,
                    'oauth2_assertion_file',
                    self.write(text),
                )
                self.assertEqual(
                    f'oauth2_assertion_file: {self.path} must have exactly '
                    f'one line',
                    str(error),
                )

    def test_spaces_belong_to_a_secret(self):
        self.assertEqual(
            ' a b ', credentials.read_line('option', self.write(' a b \n'))
        )

    def test_file_that_cannot_be_read(self):
        folder = str(self.path.parent)
        for path in (folder, f'{folder}/missing', 'a\0b'):
            with self.variant(path):
                error = self.assertRaises(
                    errors.AccessTokenError,
                    credentials.read_file,
                    'oauth2_key_file',
                    path,
                )
                self.assertIn(
                    f'oauth2_key_file: cannot read {path}', str(error)
                )
        self.path.write_bytes(b'\xff')
        error = self.assertRaises(
            errors.AccessTokenError,
            credentials.read_file,
            'oauth2_key_file',
            str(self.path),
        )
        self.assertIn('is not text', str(error))


def _pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    ).decode()
