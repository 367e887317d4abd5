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


from osc_lib import exceptions

from keystone_oauth2.osc import issuers
from keystone_oauth2.osc import resources
from keystone_oauth2.tests import base


def issuer(name, kind, *, enabled=True, iss='https://example.org'):
    return resources.TrustedIssuer(
        id=name, kind=kind, issuer=iss, enabled=enabled
    )


SPIFFE = 'spiffe://example.org'
FOUND = [
    issuer('old', 'github', enabled=False),
    issuer('github', 'github'),
    issuer('south', 'kubernetes'),
    issuer('north', 'kubernetes'),
    issuer('mesh', 'spiffe', iss=SPIFFE),
    issuer('other-mesh', 'spiffe', iss='spiffe://example.com'),
]
ENABLED = 'github, mesh, north, other-mesh, south'


class ChooseTest(base.TestCase):
    def test_only_one_that_fits_is_taken(self):
        for kind, iss, expected in (
            ('github', None, 'github'),
            ('spiffe', SPIFFE, 'mesh'),
        ):
            with self.variant(kind):
                found = issuers.choose(FOUND, None, kind, iss)
                self.assertEqual(expected, found.id)

    def test_named_one_may_be_of_another_kind(self):
        for kind in ('kubernetes', 'github', None):
            with self.variant(kind):
                found = issuers.choose(FOUND, 'south', kind)
                self.assertEqual('south', found.id)

    def test_others_are_named(self):
        for issuer_id, kind, iss, message in (
            (
                None,
                'kubernetes',
                None,
                'There are several trusted issuers of the kind kubernetes: '
                'choose one of north, south with --issuer.',
            ),
            (
                None,
                'gitlab',
                None,
                'There is no enabled trusted issuer of the kind gitlab; '
                f'--issuer can name one of: {ENABLED}.',
            ),
            (
                None,
                'spiffe',
                'spiffe://evil.example',
                'There is no enabled trusted issuer of the kind spiffe for '
                'spiffe://evil.example; --issuer can name one of: '
                f'{ENABLED}.',
            ),
            *(
                (
                    name,
                    'github',
                    None,
                    f'There is no enabled trusted issuer with the ID {name}; '
                    f'--issuer can name one of: {ENABLED}.',
                )
                for name in ('old', 'GitHub', '')
            ),
        ):
            with self.variant((issuer_id, kind, iss)):
                error = self.assert_raises(
                    exceptions.CommandError,
                    issuers.choose,
                    FOUND,
                    issuer_id,
                    kind,
                    iss,
                )
                self.assertEqual(message, str(error))

    def test_there_is_none(self):
        error = self.assert_raises(
            exceptions.CommandError, issuers.choose, [], None, 'github'
        )
        self.assertTrue(str(error).endswith('--issuer can name one of: none.'))
