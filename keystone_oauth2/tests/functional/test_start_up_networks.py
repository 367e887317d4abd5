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

"""Networks in trusted_proxies that include every address."""

from keystone_oauth2.tests.functional import start_up


class WholeInternetTest(start_up.RefusedTestCase):
    def test_network_of_all_addresses_is_refused(self):
        """E02: any client could set the header fields of a proxy."""
        for networks in (
            '0.0.0.0/0',
            '::/0',
            '192.0.2.7,::/0',
            '0.0.0.0/0,192.0.2.7',
        ):
            with self.variant(networks):
                self.assert_refused(
                    '[oauth2] trusted_proxies: ',
                    'use addresses or networks such as 192.0.2.7',
                    trusted_proxies=networks,
                )
