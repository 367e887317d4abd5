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

"""Options of the filter, beside those of keystonemiddleware."""

from keystonemiddleware.auth_token import _opts

from keystone_oauth2.conf import keystone_authtoken
from keystone_oauth2.tests import base


class OptionsTest(base.TestCase):
    def test_each_option_has_a_name_of_this_package(self):
        theirs = {
            option.name for _, found in _opts.list_opts() for option in found
        }
        for option in keystone_authtoken.ALL_OPTS:
            with self.variant(option.name):
                self.assertTrue(option.name.startswith('oauth2_'))
                self.assertNotIn(option.name, theirs)

    def test_each_option_has_a_help_text(self):
        for option in keystone_authtoken.ALL_OPTS:
            with self.variant(option.name):
                self.assertTrue(option.help.strip().endswith('.'))
