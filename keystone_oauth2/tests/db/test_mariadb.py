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

"""Tests with MariaDB on a real server."""

from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.db import lookups
from keystone_oauth2.tests.db import migrations
from keystone_oauth2.tests.db import races
from keystone_oauth2.tests.db import registrations
from keystone_oauth2.tests.db import revocations
from keystone_oauth2.tests.db import rows
from keystone_oauth2.tests.db import trusted_issuers
from keystone_oauth2.tests.db import users


class MariaDBTest(
    migrations.MigrationTests,
    rows.CredentialTests,
    rows.CertificateTests,
    registrations.RegistrationTests,
    registrations.AssertionTests,
    revocations.RevocationTests,
    races.RaceTests,
    trusted_issuers.TrustedIssuerTests,
    lookups.LookupTests,
    lookups.ConnectionTests,
    users.UserTests,
    base.DatabaseTestCase,
):
    kind = 'mysql'
    left_behind = 0
    others = (
        'SELECT id FROM information_schema.processlist '
        'WHERE db = database() AND id <> connection_id()'
    )
    close = 'KILL {}'
