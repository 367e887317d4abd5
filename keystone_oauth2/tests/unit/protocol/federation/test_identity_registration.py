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

"""What an owner can register as a federated identity."""

from keystone_oauth2.protocol.federation import identity
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol.federation import issuers

NUMBER = 2**53 - 1
OIDC = issuers.trusted()
GITHUB = issuers.trusted(kind='github')
KUBERNETES = issuers.trusted(kind='kubernetes')
SPIFFE = issuers.trusted(kind='spiffe')
#: Texts that are not allowed as a subject or as the value of a claim.
NO_TEXTS = (
    '',
    'a\0',
    'a\nb',
    '\x1f',
    '\x7f',
    '\ud800',
    'a\udfff',
    'x' * 1025,
)
WITH_STARS = ('*', 'a*', '*a', 'repo:a/*', 'system:serviceaccount:shop:*')


def read(subject='a', issuer=OIDC, **claims):
    return identity.FederatedIdentity.read(issuer, subject, claims)


class ReadTest(base.TestCase):
    def assert_refused(self, reason, *arguments, **claims):
        error = self.assert_raises(
            ValueError, lambda: read(*arguments, **claims)
        )
        self.assertIn(reason, str(error))

    def test_identity_is_registered_in_one_form(self):
        """Claims by their names, and their values without duplicates."""
        one = read('a', y=['2', '1', '2', 1, True], x='z')
        self.assertEqual(
            {
                'issuer_id': 'issuer',
                'issuer': issuers.ISSUER,
                'subject': 'a',
                'claims': {'x': ['z'], 'y': ['1', '2', 1, True]},
            },
            one.value,
        )
        self.assertEqual(['x', 'y'], list(one.value['claims']))

    def test_equal_identities_have_equal_fingerprints(self):
        first = read('a', x=['1', '2'], y=True)
        again = identity.FederatedIdentity.of(first.value)
        for other in (read('a', y=[True], x=['2', '1', '1']), again):
            with self.variant(other):
                self.assertEqual(first.fingerprint, other.fingerprint)
        self.assertEqual(64, len(first.fingerprint))

    def test_other_identities_have_other_fingerprints(self):
        other = issuers.trusted('other')
        elsewhere = issuers.trusted(issuer='https://other.example.com')
        different = [
            read('a'),
            read('b'),
            read('a', other),
            read('a', elsewhere),
            read('a', x='1'),
            read('a', x=1),
            read('a', x=True),
            read('a', x='true'),
            read('a', x=['1', '2']),
            read('a', y='1'),
        ]
        prints = {one.fingerprint for one in different}
        self.assertEqual(len(different), len(prints))

    def test_subject_or_a_required_claim_is_needed(self):
        """C10: an identity that means everybody is refused."""
        self.assert_refused('It must have a subject.', None)
        self.assert_refused('It must have a subject.', None, x='1')
        reason = (
            'It must have at least one of the claims repository_id, '
            'repository_owner_id.'
        )
        self.assert_refused(reason, None, GITHUB)
        self.assert_refused(reason, 'repo:a/b:ref:c', GITHUB, ref='main')
        self.assert_refused(reason, None, GITHUB, **{'/repository_id': '123'})
        for claims in (
            {'repository_id': '123'},
            {'repository_owner_id': ['45', '46']},
        ):
            with self.variant(claims):
                self.assertIsNone(read(None, GITHUB, **claims).subject)

    def test_subject_is_needed_if_it_alone_names_the_workload(self):
        """C10, C11: even if the operator requires other claims."""
        for kind in ('kubernetes', 'spiffe'):
            with self.variant(kind):
                issuer = issuers.trusted(kind=kind, required_claims=('x',))
                self.assert_refused(
                    'It must have a subject.', None, issuer, x='1'
                )

    def test_wildcards_are_refused(self):
        """C10: there are no patterns, whoever expects them."""
        for text in WITH_STARS:
            with self.variant(text):
                self.assert_refused('The subject is compared exactly', text)
                self.assert_refused(
                    'The claim x is compared exactly', 'a', x=['b', text]
                )

    def test_texts_are_printable_and_short(self):
        for text in NO_TEXTS:
            with self.variant(text):
                self.assert_refused('The subject must have', text)
                self.assert_refused('The claim x must have', 'a', x=text)
        for text in ('x' * 1024, '\xe9\U0001f600', ' ', '?[a-z]'):
            with self.variant(text):
                self.assertEqual(text, read(text, x=text).subject)

    def test_values_are_texts_integers_and_booleans(self):
        for value in (NUMBER, -NUMBER, 0, True, False, 'a'):
            with self.variant(value):
                self.assertEqual((value,), read(x=value).claims['x'])
        for value in (
            NUMBER + 1,
            -NUMBER - 1,
            1.0,
            float('nan'),
            None,
            {},
            {'a': 'b'},
            [['a']],
            [None],
        ):
            with self.variant(value):
                self.assert_refused('must be a string, an integer', x=value)

    def test_number_of_claims_and_values_is_limited(self):
        claims = {f'c{number}': 'x' for number in range(10)}
        read('a', **claims)
        self.assert_refused(
            'At most 10 claims can be bound', 'a', **claims, other='x'
        )
        read('a', x=[str(number) for number in range(10)])
        for values in ([], [str(number) for number in range(11)]):
            with self.variant(values):
                self.assert_refused('must have 1 to 10 values', 'a', x=values)

    def test_whole_identity_is_small(self):
        """As JSON, which escapes each character."""
        text = '\U0001f600' * 1024
        read('a', x=text)
        self.assert_refused(
            'It has more than 16384 characters', 'a', x=text, y=text
        )

    def test_names_of_claims_are_checked(self):
        for name in ('', 'a\n', 'x' * 256, '\ud800'):
            with self.variant(name):
                self.assert_refused('name of a claim', 'a', **{name: 'x'})
        self.assert_refused('not a JSON Pointer', 'a', **{'/~2': 'x'})

    def test_claims_that_differ_in_each_jwt_are_refused(self):
        """C10: nor is the subject one of the claims."""
        for name in ('iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'):
            for written in (name, f'/{name}'):
                with self.variant(written):
                    self.assert_refused(
                        f'The claim {written} cannot be bound',
                        'a',
                        **{written: 'x'},
                    )
        read('a', **{'/a/sub': 'x', 'Sub': 'x', '//sub': 'x'})

    def test_rules_of_the_kind_apply(self):
        """C10, C11: for subjects and for values."""
        for reason, subject, issuer, claims in (
            ('NAMESPACE:NAME', 'shop:checkout', KUBERNETES, {}),
            ('SPIFFE ID in', 'spiffe://example.com/a', SPIFFE, {}),
            ('name a path', f'{issuers.TRUST_DOMAIN}/*', SPIFFE, {}),
            ('must be a string', None, GITHUB, {'repository_id': 123}),
            (
                'must be a string',
                None,
                GITHUB,
                {'repository_id': '1', 'ref_protected': True},
            ),
        ):
            with self.variant((subject, claims)):
                self.assert_refused(reason, subject, issuer, **claims)
        read(issuers.SUBJECT, KUBERNETES)
        read(f'{issuers.TRUST_DOMAIN}/a/*', SPIFFE)
        read(None, GITHUB, repository_id='123')
