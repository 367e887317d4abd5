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


import argparse

import hypothesis
from hypothesis import strategies

from keystone_oauth2.osc import conditions
from keystone_oauth2.tests import base

VALUES = strategies.text(min_size=1)
NAMES = strategies.text(
    strategies.characters(
        exclude_characters='=/~', categories=('L', 'N', 'S')
    ),
    min_size=1,
    max_size=200,
)


class ConditionsTestCase(base.TestCase):
    def refuse(self, read, *texts):
        for text in texts:
            with self.variant(text):
                self.assert_raises(argparse.ArgumentTypeError, read, text)

    def accept(self, read, *texts):
        for text in texts:
            with self.variant(text):
                self.assertEqual(text, read(text))


class ClaimTest(ConditionsTestCase):
    @hypothesis.given(NAMES, VALUES)
    @hypothesis.example('project', 'a=b')
    @hypothesis.example('project', ' ')
    @hypothesis.example('project', 'true')
    def test_name_ends_at_the_first_equals_sign(self, name, value):
        self.assertEqual((name, value), conditions.claim(f'{name}={value}'))

    @hypothesis.given(strategies.integers() | strategies.booleans())
    def test_integers_and_booleans_are_told_from_texts(self, value):
        text = str(value).lower()
        name, found = conditions.claim(f'a:={text}')
        self.assertEqual(('a', value), (name, found))
        self.assertIs(type(value), type(found))
        self.assertEqual(('a', text), conditions.claim(f'a={text}'))

    def test_nested_claim_has_a_pointer(self):
        name = '/kubernetes.io/serviceaccount/uid'
        self.assertEqual((name, 'a1'), conditions.claim(f'{name}=a1'))

    def test_other_text_is_refused(self):
        self.refuse(
            conditions.claim,
            '',
            'a',
            '=',
            '=b',
            # The value of a variable that is not set.
            'a=',
            'a:=',
            ':=1',
            '/~2=b',
            'a\n=b',
            'a' * 256 + '=b',
            'a:=1.5',
            'a:=1e3',
            'a:=null',
            'a:=NaN',
            'a:=True',
            'a:="b"',
            'a:=[1]',
            'a:={}',
            'a:=' + '9' * 5000,
            'a:=' + '[' * 100000,
        )

    def test_same_name_means_any_of_the_values(self):
        given = [('a', '1'), ('b', '2'), ('a', 3), ('c', True)]
        self.assertEqual(
            {'a': ['1', 3], 'b': '2', 'c': True}, conditions.join(given)
        )
        self.assertEqual({}, conditions.join([]))


class ServiceAccountTest(ConditionsTestCase):
    def test_subject_has_namespace_and_name(self):
        for text in (
            'backup:uploader',
            'a:b',
            '0-1:2.3-4.5',
            'n' * 63 + ':' + '.'.join(['s' * 63] * 3 + ['s' * 61]),
        ):
            with self.variant(text):
                self.assertEqual(
                    f'system:serviceaccount:{text}',
                    conditions.service_account(text),
                )

    def test_other_names_are_refused(self):
        self.refuse(
            conditions.service_account,
            '',
            ':',
            'backup',
            'backup:',
            ':uploader',
            'backup:uploader:x',
            'backup/uploader',
            'Backup:uploader',
            'backup:Uploader',
            'back.up:uploader',
            '-backup:uploader',
            'backup-:uploader',
            'backup:uploader-',
            'backup:.uploader',
            'backup:up..loader',
            'backup:*',
            'backup:uploader\n',
            'b\u00e4ckup:uploader',
            'system:serviceaccount:backup:uploader',
            'n' * 64 + ':uploader',
            'backup:' + '.'.join(['s' * 63] * 4),
        )


class SpiffeTest(ConditionsTestCase):
    def test_issuer_is_the_trust_domain(self):
        for text in ('spiffe://example.org/a/b', 'spiffe://example.org/a/*'):
            with self.variant(text):
                self.assertEqual(text, conditions.spiffe_id(text))
                self.assertEqual(
                    'spiffe://example.org', conditions.spiffe_issuer(text)
                )

    def test_other_text_is_refused(self):
        self.refuse(
            conditions.spiffe_id,
            '',
            'example.org/a',
            'https://example.org/a',
            'spiffe://Example.org/a',
            'spiffe://example.org/a*',
            'spiffe://example.org/*/a',
            'spiffe://example.org/a/',
        )


class NumberTest(ConditionsTestCase):
    @hypothesis.given(strategies.integers(1, 2**63 - 1))
    def test_number_remains_a_text(self, number):
        self.assertEqual(str(number), conditions.number(str(number)))

    def test_other_text_is_refused(self):
        self.refuse(
            conditions.number,
            *('', '0', '-1', '1.5', '01', 'group/project', '\u0661', '1\n'),
            '9' * 20,
        )


class JobTest(ConditionsTestCase):
    def test_branches(self):
        self.accept(
            conditions.branch,
            *('main', 'feature/a-b_c', 'v1.0', '\u00e4', 'a@b', 'x' * 255),
        )

    def test_what_is_no_branch_is_refused(self):
        self.refuse(
            conditions.branch,
            *('', 'refs/heads/main', 'refs/tags/v1', 'release/*', '*', 'a b'),
            *('a~1', 'a^', 'a:b', 'a?', 'a[b', 'a\\b', 'a\n', '\x1b'),
        )

    def test_empty_text_is_refused(self):
        self.accept(conditions.nonempty, 'production', ' ')
        self.refuse(conditions.nonempty, '')
