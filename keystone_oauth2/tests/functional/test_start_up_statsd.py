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

"""The library that the option ``[oauth2_statsd] host`` requires."""

import sys

from keystone_oauth2.tests.functional import start_up


class MissingLibraryTest(start_up.RefusedTestCase):
    def test_missing_library_is_named_with_its_installation(self):
        # Python raises ImportError for a module that is None.
        kept = sys.modules.pop('statsd', None)
        self.addCleanup(self._restore, kept)
        sys.modules['statsd'] = None
        self.assert_refused(
            '[oauth2_statsd] host needs a library',
            "pip install 'keystone-oauth2[statsd]'.",
            groups={'oauth2_statsd': {'host': '127.0.0.1'}},
        )

    def _restore(self, kept):
        del sys.modules['statsd']
        if kept is not None:
            sys.modules['statsd'] = kept
