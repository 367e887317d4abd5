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

"""The sizes of access tokens in the administrator guide."""

import pathlib
import re

from keystone_oauth2.tests.support import jwts

PAGE = pathlib.Path(__file__).parents[3] / 'doc/source/admin/jwt.rst'
ROW = re.compile(
    r"""\* - Size with (?P<roles>[\d, and]+) roles
     - about (?P<opaque>\d+) bytes
     - (?P<jwt>[\d., and]+) kB"""
)
#: As long as the guide says.
NAME = 'operator-{:03}'.format


class SizesTest(jwts.JWTTestCase):
    def documented(self):
        """Return the sizes in kB by number of roles, and that of others."""
        page = PAGE.read_text()
        self.assertIn(f'role names of {len(NAME(0))} characters', page)
        row = ROW.search(page)
        roles = map(int, re.findall(r'\d+', row['roles']))
        sizes = map(float, re.findall(r'[\d.]+', row['jwt']))
        return dict(zip(roles, sizes, strict=True)), int(row['opaque'])

    def test_sizes_are_those_of_the_guide(self):
        """Also those of opaque tokens, which have no roles."""
        documented, opaque = self.documented()
        roles = [NAME(number) for number in range(max(documented))]
        user = self.identity.create_user(self.project, roles)
        for count, size in documented.items():
            with self.variant(count):
                client = self.identity.create_application_credential(
                    user, roles[:count]
                )
                token = self.issue(client)
                self.assertAlmostEqual(size, len(token) / 1000, delta=0.05)
                answer = self.token_of_keystone(
                    id=client.id, secret=client.secret
                )
                self.assertAlmostEqual(
                    opaque, len(answer.headers['X-Subject-Token']), delta=20
                )
