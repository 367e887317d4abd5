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

"""The changes that tools/mutate.py makes of the product."""

import importlib
import pathlib
import random
import sys

from keystone_oauth2 import tests
from keystone_oauth2.tests import base

ROOT = pathlib.Path(tests.__path__[0]).parents[1]
#: One of each kind, with what stands in its place.
CHANGES = (
    ('removed statement', 'f()', 'pass'),
    ('removed statement', 'raise E', 'pass'),
    ('removed statement', 'a.b = c', 'pass'),
    ('removed result', 'def f():\n    return a', 'def f():\n    return None'),
    ('negated condition', 'if a: b', 'if not (a): b'),
    ('negated condition', '[a for a in b if a]', '[a for a in b if not (a)]'),
    ('swapped operator', 'a and b', '((a) or (b))'),
    ('swapped operator', 'a - b', '(a + b)'),
    ('dropped condition', 'a or b', '((b))'),
    ('swapped comparison', 'a < b', '(a <= b)'),
    ('swapped comparison', 'a in b', '(a not in b)'),
    ('is None', 'a is not None', '(bool (a))'),
    ('changed constant', 'x = 1', 'x = 2'),
    ('changed constant', 'x = True', 'x = False'),
    ('changed constant', "x = 'a'", "x = 'ax'"),
    ('swapped arguments', 'f(a, b, c)', 'f(b, a, c)'),
    ('dropped keyword', 'f(a, b=c)', 'f(a, **{})'),
    (
        'dropped except',
        'try: a\nexcept (B, C): d',
        'try: a\nexcept (B, ()): d',
    ),
    (
        'dropped decorator',
        '@a\ndef f(): b',
        '@(lambda same: same)\ndef f(): b',
    ),
)
#: Nothing in these makes a difference to a test.
NOTHING = (
    '"""Text."""',
    'import a',
    'x: a | None',
    'LOG.debug(a, b)',
    "x = f'{a} {b}'",
    "x = 'a sentence'",
    'f(a, a)',
    'f(frozen=True)',
    'def f():\n    return None',
)


class MutantsTest(base.TestCase):
    def setUp(self):
        super().setUp()
        path = f'{ROOT / "tools"}'
        sys.path.insert(0, path)
        self.addCleanup(sys.path.remove, path)
        self.mutants = importlib.import_module('mutants').mutants
        self.tool = importlib.import_module('mutate')

    def test_each_kind_of_change_is_made(self):
        for kind, before, after in CHANGES:
            with self.variant((kind, before)):
                made = self.mutants('x.py', before)
                self.assertIn(
                    (kind, after), [(one.kind, one.after) for one in made]
                )
        self.assertEqual(12, len({kind for kind, _, _ in CHANGES}))

    def test_texts_and_annotations_are_not_changed(self):
        for source in NOTHING:
            with self.variant(source):
                made = self.mutants('x.py', source)
                kinds = {one.kind for one in made} - {'removed statement'}
                self.assertEqual(set(), kinds)

    def test_text_beyond_ascii_does_not_shift_the_position(self):
        source = "'\u20ac', f(a, b)"
        (made,) = (
            one
            for one in self.mutants('x.py', source)
            if one.kind == 'swapped arguments'
        )
        self.assertEqual("'\u20ac', f(b, a)", made.after)

    def test_seed_determines_the_choice(self):
        first = self.tool.sample('policies', 20, 7)
        random.random()
        self.assertEqual(first, self.tool.sample('policies', 20, 7))
        self.assertNotEqual(first, self.tool.sample('policies', 20, 8))
        self.assertEqual(20, len(set(first)))

    def test_each_mutant_compiles_differs_and_is_shown(self):
        for one in self.tool.sample('protocol', 50, 1):
            with self.variant(f'{one}'):
                compile(one.after, one.path, 'exec')
                self.assertEqual((ROOT / one.path).read_text(), one.before)
                self.assertNotEqual(one.before, one.after)
                self.assertIn(f'--- a/{one.path}\n', one.diff())

    def test_likely_tests_are_near_the_module(self):
        for path, name in (
            ('protocol/scope.py', 'unit.protocol.test_scope'),
            ('protocol/scope.py', 'functional.test_scope'),
            (
                'protocol/clients/secret_digest.py',
                'unit.protocol.clients.test_secret_verifier',
            ),
            ('api/hooks/bound_tokens.py', 'functional.test_two_bound_tokens'),
            ('db/clients.py', 'functional.test_client_secrets'),
            ('identity/callers.py', 'functional.test_client_policy'),
        ):
            with self.variant((path, name)):
                unit, others = self.tool.likely_tests(
                    f'keystone_oauth2/{path}'
                )
                self.assertIn(f'keystone_oauth2.tests.{name}', unit + others)
