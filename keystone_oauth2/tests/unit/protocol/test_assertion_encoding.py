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

"""The encoding of a client assertion (RFC 7515, RFC 7519)."""

import codecs
import json

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import strategies
from keystone_oauth2.tests.unit.protocol import test_private_key_jwt as other

HEADER = other.HEADER
ENCODINGS = (
    'utf-8-sig',
    'utf-16',
    'utf-16-le',
    'utf-16-be',
    'utf-32',
    'utf-32-le',
    'utf-32-be',
    'cp037',
)
TWICE = 'duplicate member'


def text_of(members):
    """Return a JSON object with these members, including duplicates."""
    text = ','.join(
        f'{json.dumps(name)}:{json.dumps(value)}' for name, value in members
    )
    return f'{{{text}}}'


class EncodingTest(other.PrivateKeyJWTTestCase):
    def assert_both_unreadable(self, reason, change):
        """Assert that a change makes the header, or the claims, unreadable.

        :param change: a function that changes the encoded JSON.
        """
        header, claims = json.dumps(HEADER), json.dumps(other.claims())
        for parts in (
            (change(header), claims.encode()),
            (header.encode(), change(claims)),
        ):
            with self.variant(parts):
                self.assert_unreadable(reason, other.sign(*parts))

    def test_valid_assertion_is_accepted(self):
        """C01: the other tests can fail."""
        self.assert_holds(
            json.dumps(other.claims(), ensure_ascii=False).encode(),
            json.dumps({**HEADER, 'x': '\xe9\U0001f600'}).encode(),
        )
        self.assert_holds(
            text_of(other.claims(x='\xe9').items()).encode(),
            text_of({**HEADER, 'x': {'x': 1}}.items()).encode(),
        )

    def test_only_utf_8_is_accepted(self):
        """C01: without a byte order mark (RFC 7515, 5.2; RFC 7519, 7.2)."""
        for encoding in ENCODINGS:
            with self.variant(encoding):
                self.assert_both_unreadable(
                    'not a JWT', lambda text, e=encoding: text.encode(e)
                )
        self.assert_both_unreadable(
            'not a JWT', lambda text: codecs.BOM_UTF8 + text.encode()
        )

    def test_broken_utf_8_is_refused(self):
        """C01: overlong, cut off, or half of a surrogate pair."""
        for octets in (
            b'\xff',
            b'\xc0\xaf',
            b'\xe9',
            b'\xed\xa0\x80',
            b'\xf4\x90\x80\x80',
        ):
            with self.variant(octets):
                self.assert_both_unreadable(
                    'not a JWT',
                    lambda text, o=octets: (
                        text.encode()[:-1] + b',"x":"' + o + b'"}'
                    ),
                )

    def test_duplicate_member_is_refused(self):
        """C01: in any order (RFC 7515, 4; RFC 8725, 2.4)."""
        for member in ('"x":1,"x":1', '"x":1,"x":2', '"x":1,"\\u0078":1'):
            for end in (f',{member}}}', f',"y":[{{"z":{{{member}}}}}]}}'):
                with self.variant(end):
                    self.assert_both_unreadable(
                        TWICE, lambda text, e=end: (text[:-1] + e).encode()
                    )

    def test_duplicate_claim_or_header_parameter_is_refused(self):
        """C02: whichever of the two values a parser would use."""
        claims = other.claims()
        for name, value in claims.items():
            for added in (value, 'other', None):
                for members in (
                    [*claims.items(), (name, added)],
                    [(name, added), *claims.items()],
                ):
                    with self.variant(members):
                        self.assert_unreadable(
                            TWICE,
                            other.sign(HEADER, text_of(members).encode()),
                        )
        for algorithm in ('none', 'HS256', 'ES256'):
            for members in (
                [('alg', algorithm), ('alg', 'ES256')],
                [('alg', 'ES256'), ('alg', algorithm)],
            ):
                with self.variant(members):
                    self.assert_unreadable(
                        TWICE, other.sign(text_of(members).encode(), claims)
                    )

    def test_extensions_of_json_are_refused(self):
        """C01: although Python reads them."""
        for word in ('NaN', 'Infinity', '-Infinity'):
            with self.variant(word):
                self.assert_both_unreadable(
                    f'{word} is not JSON',
                    lambda text, w=word: (
                        f'{text[:-1]},"x":[{{"y":{w}}}]}}'.encode()
                    ),
                )
        for end in (
            ',}',
            ',"x":01}',
            ',"x":+1}',
            ',"x":.5}',
            ",'x':1}",
            ',"x":"\t"}',
            ',"x":"\\x41"}',
            '}}',
            '}{}',
            '}/**/',
            '}\0',
        ):
            with self.variant(end):
                self.assert_both_unreadable(
                    'not a JWT', lambda text, e=end: (text[:-1] + e).encode()
                )

    def test_numbers_that_overflow_are_refused(self):
        """C04: a time that is too large is not valid."""
        for number in ('1e999', '1' + '0' * 4000, '-1e999'):
            with self.variant(number):
                text = json.dumps(other.claims(exp=None))
                claims = text.replace('null', number).encode()
                self.assert_refused('exp is not a valid time', claims)

    def test_parts_must_be_canonical_base64url(self):
        """C01: without padding or line breaks (RFC 7515, 2)."""
        parts = other.sign(HEADER, other.claims()).split('.')
        for index in range(3):
            for change in (
                lambda part: part + '=' * (-len(part) % 4 or 4),
                lambda part: part + '\n',
                lambda part: part[:4] + '\r\n' + part[4:],
                lambda part: ' ' + part,
                lambda part: part + '!!!!',
                lambda part: '+' + part[1:],
                lambda part: part + 'A' * (5 - len(part) % 4),
            ):
                changed = list(parts)
                changed[index] = change(changed[index])
                with self.variant(changed):
                    self.assert_unreadable('not a JWT', '.'.join(changed))

    def test_unencoded_payload_is_refused(self):
        """C08: a JWT is always encoded (RFC 7797, 7)."""
        for value in (False, None, 0, 'false'):
            with self.variant(value):
                self.assert_refused(
                    'b64', other.claims(), {**HEADER, 'b64': value}
                )


class WeakKeyTest(other.PrivateKeyJWTTestCase):
    def test_weak_key_registered_by_an_older_release_is_refused(self):
        """K07: one constant signature fits every assertion of the client."""
        neutral = 'AQ' + 'A' * 41
        self.register({'kty': 'OKP', 'crv': 'Ed25519', 'x': neutral})
        signature = other.encoded(b'\1' + bytes(63))
        for jti in ('1', '2'):
            for name in ('EdDSA', 'Ed25519'):
                parts = [
                    other.encoded({'alg': name}),
                    other.encoded(other.claims(jti=jti)),
                    signature,
                ]
                error = self.assert_raises(
                    ports.Refused, self.authenticate, '.'.join(parts)
                )
                self.assertIn('small order', str(error))
        self.assertEqual({}, self.keystone.consumed)
        self.assertEqual([], self.keystone.uses)

    def test_key_with_a_small_exponent_is_refused(self):
        """K07: an older release accepted such a key."""
        signer = assertions.Signer(
            'client', other.ISSUER, 'RS256', assertions.rsa_key(exponent=3)
        )
        self.register(signer.jwk)
        self.assert_refused(
            'odd exponent', other.claims(), {'alg': 'RS256'}, signer
        )


class NothingElseTest(other.PrivateKeyJWTTestCase):
    """C01: an accepted assertion has a single reading."""

    names = st.sampled_from(['sub', 'jti', 'x', 'y', '\xe9', ''])
    values = strategies.json_values(max_size=5, max_leaves=3)

    @hypothesis.given(
        st.lists(st.tuples(names, values), max_size=4),
        st.sampled_from(['utf-8', *ENCODINGS]),
    )
    def test_any_signed_text_has_one_reading(self, added, encoding):
        members = [*other.claims(jti='jti').items(), *added]
        content = text_of(members).encode(encoding)
        self.keystone.consumed.clear()
        try:
            client = self.authenticate(other.sign(HEADER, content))
        except (errors.OAuthError, ports.Refused):
            return
        self.assertEqual('client', client.id)
        self.assertEqual('utf-8', encoding)
        names = [name for name, _ in members]
        self.assertEqual(len(names), len(set(names)))
