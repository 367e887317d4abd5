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

"""Which JWTs a federated identity means: equalities only."""

import dataclasses

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.federation import identity
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import strategies
from keystone_oauth2.tests.unit.protocol.federation import issuers

NUMBER = 2**53 - 1
texts = st.text(
    st.characters(
        min_codepoint=0x20,
        exclude_categories=['Cs', 'Cc'],
        exclude_characters='*',
    ),
    min_size=1,
    max_size=20,
)
values = texts | st.booleans() | st.integers(-NUMBER, NUMBER)


def read(subject=issuers.SUBJECT, issuer=None, **claims):
    return identity.FederatedIdentity.read(
        issuer or issuers.trusted(), subject, claims
    )


class IdentityTestCase(base.TestCase):
    def assert_matches(self, one, claims, issuer=None):
        self.assertIsNone(one.problem(issuer or issuers.trusted(), claims))

    def assert_problem(self, expected, one, claims, issuer=None):
        self.assertEqual(
            expected, one.problem(issuer or issuers.trusted(), claims)
        )


class SubjectTest(IdentityTestCase):
    def test_subject_is_compared_exactly(self):
        """C10: the exact sub."""
        one = read('a')
        self.assert_matches(one, {'sub': 'a'})
        for subject, shown in (
            ('A', '"A"'),
            ('a ', '"a "'),
            ('', '""'),
            ('ab', '"ab"'),
            ('*', '"*"'),
            ('a\0', '"a\\u0000"'),
            ('\ud800', '"\\ud800"'),
            ('a' * 300, f'"{"a" * 199}...'),
        ):
            with self.variant(subject):
                self.assert_problem(f'sub is {shown}', one, {'sub': subject})

    def test_texts_that_only_look_alike_differ(self):
        """C10: no normalization of Unicode, and no case folding."""
        one = read('\xe9')
        for subject in ('e\u0301', '\xc9', '\u00e9\u200b'):
            with self.variant(subject):
                self.assertIsNotNone(
                    one.problem(issuers.trusted(), {'sub': subject})
                )

    def test_missing_subject_never_matches(self):
        """C10, K06: nor does one of another type."""
        for claims in (
            {},
            {'sub': None},
            {'sub': ['a']},
            {'sub': True},
            {'sub': 1},
            {'sub': {'a': 'a'}},
        ):
            with self.variant(claims):
                self.assert_problem('sub is missing', read('a'), claims)
        self.assert_problem('sub is missing', read('None'), {'sub': None})

    def test_identity_without_a_subject_takes_any(self):
        """If the issuer requires other claims."""
        issuer = issuers.trusted(required_claims=('id',))
        one = read(None, issuer, id='1')
        for subject in ('a', None, 1):
            with self.variant(subject):
                self.assert_matches(one, {'sub': subject, 'id': '1'}, issuer)


class ClaimsTest(IdentityTestCase):
    #: Values of JSON that Python might take for one another.
    ALIKE = (True, 1, 'true', '1', 'True', 1.0, [True], None, {}, '', 0, False)

    def test_types_of_claims_must_be_equal(self):
        """C10, K06: True is neither 1 nor "true" nor 1.0."""
        for registered in (True, False, 0, 1, '1', 'true', 'True'):
            one = read('a', x=registered)
            for sent in self.ALIKE:
                with self.variant((registered, sent)):
                    is_equal = type(sent) is type(registered) and (
                        sent == registered
                    )
                    problem = one.problem(
                        issuers.trusted(), {'sub': 'a', 'x': sent}
                    )
                    self.assertEqual(is_equal, problem is None)

    def test_one_value_of_a_list_is_enough(self):
        one = read('a', environment=['prod', 'staging', 1])
        for value in ('prod', 'staging', 1):
            with self.variant(value):
                self.assert_matches(one, {'sub': 'a', 'environment': value})
        for value, shown in (
            ('test', '"test"'),
            ('Prod', '"Prod"'),
            (True, 'true'),
            ('1', '"1"'),
            (['prod'], 'a list'),
            (['prod', 'staging', 1], 'a list'),
            ({'prod': 'prod'}, 'an object'),
            (None, 'null'),
        ):
            with self.variant(value):
                self.assert_problem(
                    f'environment is {shown}',
                    one,
                    {'sub': 'a', 'environment': value},
                )

    def test_each_claim_must_match(self):
        one = read('a', x='1', y='2')
        self.assert_matches(one, {'sub': 'a', 'x': '1', 'y': '2', 'z': '3'})
        self.assert_problem('y is "3"', one, {'sub': 'a', 'x': '1', 'y': '3'})
        self.assert_problem('sub is "b"', one, {'sub': 'b'})

    def test_missing_claim_never_matches(self):
        """C10, K06: such as the environment of a job without one."""
        one = read('a', environment=['prod', 'null'])
        self.assert_problem('environment is missing', one, {'sub': 'a'})

    def test_claim_inside_another_is_found(self):
        name = '/kubernetes.io/serviceaccount/uid'
        one = read('a', **{name: 'u'})
        self.assert_matches(
            one,
            {'sub': 'a', 'kubernetes.io': {'serviceaccount': {'uid': 'u'}}},
        )
        for claims in (
            {},
            {name: 'u'},
            {'kubernetes.io': {'serviceaccount': 'u'}},
            {'kubernetes.io': [{'serviceaccount': {'uid': 'u'}}]},
        ):
            with self.variant(claims):
                self.assert_problem(
                    f'{name} is missing', one, {'sub': 'a', **claims}
                )

    def test_long_value_is_shortened(self):
        one = read('a', x='1')
        problem = one.problem(issuers.trusted(), {'sub': 'a', 'x': 'y' * 5000})
        self.assertEqual(f'x is "{"y" * 199}...', problem)

    @hypothesis.given(values, strategies.json_values(5, 5))
    def test_other_values_never_match(self, registered, sent):
        """K06: whatever JSON has."""
        one = read('a', x=registered)
        hypothesis.assume(
            type(sent) is not type(registered) or sent != registered
        )
        self.assertIsNotNone(
            one.problem(issuers.trusted(), {'sub': 'a', 'x': sent})
        )

    @hypothesis.given(
        texts,
        st.dictionaries(
            st.sampled_from(['a', '/b', '/c/d', 'e~', 'f/g']),
            values | st.lists(values, min_size=1, max_size=10),
            max_size=5,
        ),
    )
    def test_identity_is_read_again_as_it_was(self, subject, claims):
        one = read(subject, **claims)
        self.assertEqual(one, identity.FederatedIdentity.of(one.value))


class IssuerTest(IdentityTestCase):
    def test_same_subject_of_another_issuer_is_refused(self):
        """C10: whether the other one has another id or another iss."""
        one = read('a')
        for changed in (
            {'issuer_id': 'other'},
            {'issuer': 'https://other.example.com'},
            {'issuer': f'{issuers.ISSUER}/'},
            {'issuer_id': 'other', 'issuer': 'https://other.example.com'},
        ):
            with self.variant(changed):
                self.assert_problem(
                    'it is of another issuer',
                    one,
                    {'sub': 'a'},
                    issuers.trusted(**changed),
                )

    def test_claims_that_the_operator_requires_later_are_required(self):
        """C10: the identity was registered before."""
        one = read('a', x='1')
        issuer = dataclasses.replace(
            issuers.trusted(), required_claims=('id', 'owner')
        )
        self.assert_problem(
            'the issuer now requires at least one of the claims id, owner',
            one,
            {'sub': 'a', 'x': '1', 'id': '1', 'owner': '1'},
            issuer,
        )
        self.assert_matches(
            read('a', owner='1'), {'sub': 'a', 'owner': '1'}, issuer
        )

    def test_claims_that_are_no_longer_required_are_not_enough(self):
        """C10: without a subject."""
        issuer = issuers.trusted(required_claims=('id',))
        one = read(None, issuer, id='1')
        self.assert_problem(
            'the issuer now requires a subject', one, {'sub': 'a', 'id': '1'}
        )

    def test_job_without_review_is_refused(self):
        """C10: unless the event is bound."""
        issuer = issuers.trusted(kind='github')
        claims = issuers.github_claims(event_name='pull_request')
        one = read(None, issuer, repository_id='123')
        self.assert_matches(one, issuers.github_claims(), issuer)
        self.assert_problem(
            'event_name is "pull_request", which is not bound',
            one,
            claims,
            issuer,
        )
        bound = read(
            None, issuer, repository_id='123', event_name='pull_request'
        )
        self.assert_matches(bound, claims, issuer)
        self.assert_problem(
            'event_name is "push"', bound, issuers.github_claims(), issuer
        )

    def test_github_subject_changes_with_a_rename_or_transfer(self):
        """C10: ids do not."""
        issuer = issuers.trusted(kind='github')
        renamed = issuers.github_claims(
            sub='repo:example/store:ref:refs/heads/main',
            repository='example/store',
        )
        subject = issuers.github_claims()['sub']
        by_name = read(subject, issuer, repository_id='123')
        self.assert_problem(
            f'sub is "{renamed["sub"]}"', by_name, renamed, issuer
        )
        self.assert_matches(
            read(None, issuer, repository_id='123'), renamed, issuer
        )
        namesake = issuers.github_claims(repository_id='124')
        self.assert_problem(
            'repository_id is "124"', by_name, namesake, issuer
        )

    def test_subject_of_spiffe_may_be_a_prefix(self):
        """C11: for SPIFFE only."""
        issuer = issuers.trusted(kind='spiffe')
        one = read(f'{issuers.TRUST_DOMAIN}/a/*', issuer)
        self.assert_matches(
            one, {'sub': f'{issuers.TRUST_DOMAIN}/a/b'}, issuer
        )
        for subject in ('a', 'a/', 'ab', 'b/a', 'a/*'):
            with self.variant(subject):
                sub = f'{issuers.TRUST_DOMAIN}/{subject}'
                self.assert_problem(
                    f'sub is "{sub}"', one, {'sub': sub}, issuer
                )
        self.assert_problem('sub is missing', one, {}, issuer)
