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

"""The parameter ``resource`` (RFC 8707)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import resource
from keystone_oauth2.tests import base

GOOD = (
    'https://x.example.com',
    'https://x.example.com/a?b=c',
    'urn:example:x',
    'api://x',
)


class ResourceTest(base.TestCase):
    def test_absolute_uris(self):
        """H10: each once, in their order."""
        form = parameters.Parameters({}, (*GOOD, GOOD[0]))
        self.assertEqual(GOOD, resource.read(form))

    def test_anything_else(self):
        """H10: a fragment, a relative reference, and what is no URI."""
        for text in (
            'https://x.example.com#',
            'https://x.example.com/#a',
            '/v3',
            'x.example.com',
            'https:',
            'https://x y',
            'https://ä.example.com',
            'https://[::1',
            '1a:b',
            ' https://x',
        ):
            with self.variant(text):
                form = parameters.Parameters({}, (GOOD[0], text))
                self.assertRaises(errors.InvalidTarget, resource.read, form)
