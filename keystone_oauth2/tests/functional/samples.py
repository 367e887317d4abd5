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

"""The samples of the API reference."""

import json
import pathlib
import re

FOLDER = (
    pathlib.Path(__file__).parents[3]
    / 'api-ref'
    / 'source'
    / 'samples'
    / 'OS-OAUTH2'
)
# Values that Keystone generates, and the placeholders for them.
_MADE_UP = {
    r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"': '"a moment"',
    r'"audit_id": "[\w-]{22}"': '"audit_id": "an audit id"',
    r'"secret": "[\w-]{43}"': '"secret": "a secret"',
    r'"-----BEGIN CERTIFICATE-----[^"]*"': '"a certificate"',
    r'"x5t#S256": "[\w-]{43}"': '"x5t#S256": "a thumbprint"',
}


def read(name):
    """Return a sample, as JSON or as text."""
    text = (FOLDER / name).read_text(encoding='utf-8')
    return json.loads(text) if name.endswith('.json') else text


def comparable(value):
    """Return JSON as a text that is equal for a sample and an answer.

    Members keep their order, and equal ids stay equal.
    """
    text = json.dumps(value, indent=4)
    for pattern, name in _MADE_UP.items():
        text = re.sub(pattern, name, text)
    numbers = {}
    return re.sub(
        r'\b[0-9a-f]{32}\b',
        lambda match: f'id {numbers.setdefault(match[0], len(numbers))}',
        text,
    )
