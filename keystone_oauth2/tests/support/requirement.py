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

"""External requirements of tests: a test skips if one is missing.

If KEYSTONE_OAUTH2_TEST_ALL is set to any value, the test fails instead.
"""

import os
import shutil

VARIABLE = 'KEYSTONE_OAUTH2_TEST_ALL'


def missing(test, reason):
    """Skip a test, or fail it if all tests must run.

    :param test: the test case.
    :param reason: a sentence that names the missing requirement.
    """
    if os.environ.get(VARIABLE):
        test.fail(f'{reason} {VARIABLE} is set, so this is a failure.')
    test.skipTest(reason)


def programs(test, *names):
    """Skip or fail a test unless these programs are installed."""
    absent = [name for name in names if shutil.which(name) is None]
    if absent:
        missing(test, f'Not installed: {", ".join(absent)}.')
