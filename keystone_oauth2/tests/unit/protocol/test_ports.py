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

"""Ids from requests, as they are logged."""

from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base


class RedactTest(base.TestCase):
    def test_malformed_client_id_is_redacted_in_the_reason(self):
        """It may be a misplaced secret."""
        for client_id, shown in (
            ('0f' * 16, '0f' * 16),
            ('0f' * 32, '0f' * 32),
            ('0F' * 16, '(32 characters, redacted)'),
            ('0f' * 24, '(48 characters, redacted)'),
            ('0f' * 16 + '\n', '(33 characters, redacted)'),
            ('x' * 5000, '(5000 characters, redacted)'),
            ('a\nb', '(3 characters, redacted)'),
            ('', '(0 characters, redacted)'),
        ):
            with self.variant(client_id):
                self.assertEqual(shown, ports.redact(client_id))
