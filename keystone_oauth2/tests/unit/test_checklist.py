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

"""Each rule of the standards that applies to what is built has a test.

The rules are in :mod:`keystone_oauth2.tests.rules`; docstrings of tests name
their ids.
"""

import difflib
import itertools
import re

from keystone_oauth2.tests import base
from keystone_oauth2.tests import conformance
from keystone_oauth2.tests import rules

#: Proved by the matchers, which check each response.
BY_MATCHER = {'A08', 'A11', 'A14'}


class ChecklistTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.ids = [row[0] for row in rules.RULES]
        self.proofs = conformance.proofs()

    def test_each_built_rule_has_a_test_and_no_other_rule_has_one(self):
        """A test of Keystone's own API alone is not enough."""
        proved = {
            rule
            for rule, found in self.proofs.items()
            if not all(proof.is_in_tree for proof in found)
        }
        self.assertEqual(set(self.ids) - rules.NOT_BUILT, proved)

    def test_rules_of_the_wire_have_a_test_over_http(self):
        """A test of a parser alone is not enough."""
        for rule in sorted(set(self.ids) - rules.NOT_BUILT - BY_MATCHER):
            modules = {proof.module for proof in self.proofs.get(rule, [])}
            with self.variant((rule, modules)):
                self.assertTrue(
                    any(
                        module.startswith(('functional.', 'integration.'))
                        for module in modules
                    )
                )

    def test_table_of_rules_is_in_order_and_has_all_sections(self):
        self.assertEqual(sorted(set(self.ids)), self.ids)
        self.assertEqual(
            list(rules.SECTIONS), sorted({rule[0] for rule in self.ids})
        )
        for rule, level, statement, where in rules.RULES:
            with self.variant(rule):
                self.assertIn(level, (rules.MUST, rules.SHOULD, rules.OURS))
                self.assertTrue(re.fullmatch(r'.+[^.]\.', statement))
                self.assertFalse(where.endswith('.'))

    def test_rule_ids_are_found(self):
        """The tests above can fail."""
        self.assertNotIn('J99', self.proofs)
        self.assertIn(
            conformance.Proof(
                'functional.test_parameters',
                'test_parameter_given_twice_is_refused',
                False,
            ),
            self.proofs['A04'],
        )
        self.assertIn(
            conformance.Proof(
                'functional.test_parameters',
                'test_parameter_given_twice_is_accepted',
                True,
            ),
            self.proofs['A04'],
        )

    def test_security_review_names_tests_that_exist(self):
        root = conformance.PAGE.parents[2]
        page = conformance.PAGE.parent / 'admin' / 'security.rst'
        named = set(re.findall(r'``([a-z_/]*test_\w+)``', page.read_text()))
        self.assertIn('test_logs', named)
        for name in sorted(named):
            places = (
                root / f'{name.lstrip("/")}.py',
                conformance.FOLDER / f'{name}.py',
                conformance.FOLDER / 'functional' / f'{name}.py',
            )
            with self.variant(name):
                self.assertTrue(any(place.exists() for place in places))

    def test_page_of_the_documentation_is_up_to_date(self):
        difference = difflib.unified_diff(
            conformance.PAGE.read_text().splitlines(),
            conformance.page().splitlines(),
            'in the tree',
            'generated',
            lineterm='',
        )
        shown = '\n'.join(itertools.islice(difference, 20))
        if shown:
            self.fail(
                f'{conformance.PAGE.name} is out of date; write it anew with: '
                f'python -m keystone_oauth2.tests.conformance\n{shown}'
            )
