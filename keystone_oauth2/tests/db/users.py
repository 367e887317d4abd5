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

"""Tests of user ids, which some databases compare case-insensitively."""

from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls


class UserTests(mutual_tls.MutualTLSTestCase):
    def test_user_id_is_compared_exactly(self):
        """K05, D11: with another case, or with spaces, it is unknown."""
        self.assertThat(
            self.post_with(self.certificate), matchers.IsAccessToken()
        )
        self.assertNotEqual(self.user.id, self.user.id.upper())
        for user_id in (
            self.user.id.upper(),
            self.user.id.title(),
            f'{self.user.id}%20',
            f'{self.user.id}+',
        ):
            with self.variant(user_id):
                answer = self.post_with(self.certificate, user_id)
                self.assertThat(answer, mutual_tls.REFUSED)
                self.assertIn('unknown user', self.new_log())
