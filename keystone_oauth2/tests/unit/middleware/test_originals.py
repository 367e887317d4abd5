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

"""Copies of what Keystone says of a token."""

import copy
import json

from keystone_oauth2.middleware import originals
from keystone_oauth2.tests import base

TOKEN = {
    'token': {
        'methods': ['application_credential'],
        'user': {'id': 'u', 'domain': {'id': 'default', 'name': 'Default'}},
        'roles': [{'id': '1', 'name': 'member'}, {'id': '2', 'name': 'x'}],
        'is_domain': False,
        'empty': [{}, [], None, 1.5],
        'application_credential': {
            'access_rules': [{'path': '/', 'method': 'GET'}]
        },
    }
}


def containers(value):
    """Return the value, if it can be changed, and all such parts of it."""
    if isinstance(value, dict):
        members = list(value.values())
    elif isinstance(value, list):
        members = value
    else:
        return []
    return [
        value,
        *(part for member in members for part in containers(member)),
    ]


class OriginalTest(base.TestCase):
    def test_copies_are_equal(self):
        original = originals.Original(TOKEN)
        for _turn in range(2):
            # Also the order of the members.
            self.assertEqual(json.dumps(TOKEN), json.dumps(original.copy()))

    def test_copies_share_nothing_that_can_be_changed(self):
        given = copy.deepcopy(TOKEN)
        original = originals.Original(given)
        kept, other = original.copy(), original.copy()
        parts = [
            id(part)
            for value in (given, kept, other)
            for part in containers(value)
        ]
        self.assertEqual(3 * len(containers(TOKEN)), len(set(parts)))

        for value in (given, kept):
            for part in containers(value):
                part.clear()
        self.assertEqual(TOKEN, original.copy())
