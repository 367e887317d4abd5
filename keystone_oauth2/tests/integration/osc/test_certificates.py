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

"""``openstack oauth2 client certificate ...``."""

import pathlib

from keystone_oauth2.fixture import certificates
from keystone_oauth2.tests.integration.osc import base

LIST = 'oauth2 client certificate list'
CREATE = 'oauth2 client certificate create'


class CertificateTest(base.CommandTestCase):
    def setUp(self):
        super().setUp()
        self.file = pathlib.Path(self.folder, 'certificate.pem')
        self.certificate = certificates.self_signed([('CN', 'backup')])

    def test_certificate_is_registered(self):
        self.file.write_text(f'backup\n{self.certificate.pem}')
        created = self.shown(CREATE, self.own.id, f'--certificate {self.file}')
        self.assertEqual('certificate', created['type'])
        self.assertEqual(self.certificate.thumbprint, created['value'])
        self.assertEqual(self.certificate.pem, created['certificate'])
        (row,) = self.shown(LIST, self.own.id)
        self.assertEqual(
            {
                'ID': created['id'],
                'Description': None,
                'Type': 'certificate',
                'Value': self.certificate.thumbprint,
                'Expires At': created['expires_at'],
                'Last Used At': None,
            },
            row,
        )
        self.assertIsNotNone(created['expires_at'])
        shown = self.shown(
            'oauth2 client certificate show', self.own.id, created['id']
        )
        self.assertEqual(created, shown)

    def test_subject_is_registered(self):
        for option, name, value in (
            ('subject-dn', 'tls_client_auth_subject_dn', 'CN=backup'),
            ('san-dns', 'tls_client_auth_san_dns', 'backup.example.com'),
            ('san-uri', 'tls_client_auth_san_uri', 'urn:backup'),
            ('san-ip', 'tls_client_auth_san_ip', '192.0.2.1'),
            ('san-email', 'tls_client_auth_san_email', 'backup@example.com'),
        ):
            with self.variant(option):
                created = self.shown(
                    CREATE, self.own.id, f'--{option} {value}'
                )
                self.assertEqual(
                    (name, value), (created['type'], created['value'])
                )
                self.succeed(
                    'oauth2 client certificate delete',
                    self.own.id,
                    created['id'],
                )
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_private_key_is_not_sent(self):
        self.file.write_text(self.certificate.pem + self.certificate.key_pem)
        self.fail_with(
            'The file of --certificate has a private key, which must stay on '
            'the host of the client: give the certificate only.',
            CREATE,
            self.own.id,
            f'--certificate {self.file}',
        )

    def test_other_file_is_refused(self):
        self.fail_with(
            'The file of --certificate cannot be read: No such file or '
            'directory.',
            CREATE,
            self.own.id,
            f'--certificate {self.file}',
        )
        self.file.write_bytes(self.certificate.der)
        self.fail_with(
            'The file of --certificate is not text.',
            CREATE,
            self.own.id,
            f'--certificate {self.file}',
        )
        self.file.write_text('anything')
        self.fail_with(
            'The file of --certificate must be PEM: it has no line -----BEGIN '
            'CERTIFICATE-----.',
            CREATE,
            self.own.id,
            f'--certificate {self.file}',
        )

    def test_exactly_one_is_registered(self):
        self.refuse('is required', CREATE, self.own.id)
        self.refuse(
            'not allowed with argument',
            CREATE,
            self.own.id,
            '--san-dns a.example --san-ip 192.0.2.1',
        )
