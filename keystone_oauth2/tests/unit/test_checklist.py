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

"""Each rule of the standards that binds what is built has a test.

The rules have ids, which docstrings of tests name: a line here without such a
test fails. RFC numbers and sections are where to read them.
"""

import ast
import pathlib
import re

from keystone_oauth2 import tests
from keystone_oauth2.tests import base

RULES = {
    # The token endpoint.
    'A01': 'POST only; else 405 with Allow (6749, 3.2)',
    'A02': 'a form body in UTF-8; no query string (6749, 3.2)',
    'A03': 'a parameter without value is absent (6749, 3.2)',
    'A04': 'no parameter twice (6749, 3.2)',
    'A05': 'unknown parameters are ignored (6749, 3.2)',
    'A06': 'TLS where credentials or tokens travel (6749, 3.2)',
    'A07': 'expires_in is what is left of this token (6749, 5.1)',
    'A08': 'no-store where a token is (6749, 5.1)',
    'A09': 'granted scope is said, other scope refused (6749, 3.3)',
    'A10': 'no scope means a documented default (6749, 3.3)',
    'A11': 'no refresh token (6749, 4.4.3)',
    'A12': 'only authenticated clients that may use it (6749, 4.4)',
    'A13': 'JSON with one registered error code (6749, 5.2)',
    'A14': 'error_description has plain characters (6749, 5.2)',
    'A15': 'tokens cannot be guessed or altered (6749, 10.10)',
    'A16': 'no password grant (9700, 2.4)',
    # Client authentication.
    'B01': 'one method a request (6749, 2.3)',
    'B02': 'Basic has both parts form-encoded (6749, 2.3.1)',
    'B03': 'Basic and the body form (6749, 2.3.1)',
    'B04': 'no credentials in a URL (6749, 2.3.1)',
    'B05': 'a 401 names the scheme that was tried (6749, 5.2)',
    'B06': 'a 401 has a challenge, enabled here (9110, 15.5.2)',
    'B07': 'no oracle: every refusal looks the same (CWE-204, CWE-208)',
    'B12': 'clients pick no id; tokens say what they are (9700, 4.15)',
    # Mutual-TLS.
    'D01': 'client_id, and a certificate that is its own (8705, 2)',
    'D02': 'exactly one expected subject, never none (8705, 2.1.2)',
    'D03': 'names are compared as parsed names (4514)',
    'D05': 'a thumbprint of the certificate, not of a text (8705, 3.1)',
    'D07': 'a service compares the certificate with the token (8705, 3)',
    'D08': 'a bound token does not work without proof (9700, 2.2.1)',
    'D10': 'only CAs that are meant for clients (8705, 7.4)',
    'D11': 'user, domain and project are enabled, with a role',
    # Certificates through a proxy.
    'E01': 'Client-Cert is one byte sequence, or refused (9440, 2.1)',
    'E02': 'headers count from trusted proxies only (9440, 2.4)',
    'E03': 'two Client-Cert fields are refused (9440, 2.2)',
    'E04': 'a forwarded certificate is not a verified one (8705, 6.5)',
    'E05': 'X-Forwarded-For and the like follow that rule (9700, 4.13)',
}
ID = re.compile(r'\b[A-Z]\d\d\b')


def named_ids():
    """Answer the ids that docstrings of tests name, with those tests."""
    found = {}
    folder = pathlib.Path(tests.__path__[0])
    for path in sorted(folder.rglob('test_*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith(
                'test_'
            ):
                for rule in ID.findall(ast.get_docstring(node) or ''):
                    found.setdefault(rule, []).append(
                        f'{path.relative_to(folder)}: {node.name}'
                    )
    return found


class ChecklistTest(base.TestCase):
    def test_every_rule_has_a_test_that_names_it(self):
        missing = sorted(RULES.keys() - named_ids().keys())
        self.assertEqual([], missing)

    def test_rules_of_the_wire_have_a_test_at_the_wire(self):
        """Not just one of a parser."""
        at_the_wire = {
            rule
            for rule, names in named_ids().items()
            if any(name.startswith(('functional', 'int')) for name in names)
        }
        # What the whole of an answer looks like is in the matchers.
        by_matcher = {'A08', 'A11', 'A14'}
        self.assertEqual([], sorted(RULES.keys() - at_the_wire - by_matcher))

    def test_names_are_found(self):
        """The two tests above can fail."""
        found = named_ids()
        self.assertNotIn('Z99', found)
        self.assertIn(
            'functional/test_parameters.py: '
            'test_parameter_given_twice_is_refused',
            found['A04'],
        )
