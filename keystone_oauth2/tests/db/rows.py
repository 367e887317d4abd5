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

"""Tests of rows that each database must pass."""

import dataclasses
import datetime
import threading
import uuid

from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import certificates
from keystone_oauth2.db import clients as client_store
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import mutual_tls

DIGEST = clients.SecretDigest('1' * 32, '2' * 64)
OTHER_DIGEST = clients.SecretDigest('1' * 32, '3' * 64)
_WORKERS, _ROUNDS = 4, 12
_TABLE = sa.table(
    base.DIGESTS,
    *map(
        sa.column, ('credential_internal_id', 'client_id', 'key_id', 'digest')
    ),
)


def binding(certificate):
    """Return what a token is bound to that a certificate was used for."""
    return confirmation.Confirmation.of_certificate(certificate.der)


class CredentialTests:
    """Tests of application credentials and their digests."""

    def find(self, client_id):
        try:
            return client_store.find(client_id)
        except ports.UnknownClient:
            return None

    def refusal(self, client):
        try:
            client_store.find(client.id)
        except ports.Refused as refused:
            return str(refused).removeprefix(f'client {client.id}: ')
        return None

    def internal_id(self, client):
        ((internal_id,),) = self.execute(
            'SELECT internal_id FROM application_credential WHERE id = :id',
            id=client.id,
        )
        return internal_id

    def row(self, client, **attributes):
        return {
            'credential_internal_id': self.internal_id(client),
            'client_id': client.id,
            'key_id': DIGEST.key_id,
            'digest': DIGEST.digest,
            **attributes,
        }

    def test_tokens_are_issued_and_the_digest_decides(self):
        client = self.new_client_without_digest()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(1, len(self.digests(client)))
        self.assert_digest_decides(client)

    def test_deleted_client_is_refused(self):
        user, client = self.new_client()
        self.post_as(client)
        self.identity.delete_application_credential(user, client.id)
        self.assertThat(self.post_as(client), digests.REFUSED)
        self.assertIsNone(self.find(client.id))
        self.assertEqual(self.left_behind, len(self.digests(client)))

    def test_credential_is_found_as_it_was_stored(self):
        user, client = self.new_client()
        self.remove_digest(client)
        found = self.find(client.id)
        self.assertEqual(
            (client.id, user.id, self.project.id),
            (found.id, found.user_id, found.project_id),
        )
        self.assertIsNone(found.secret_digest)
        client_store.store_digest(client.id, DIGEST)
        self.assertEqual(
            dataclasses.replace(found, secret_digest=DIGEST),
            self.find(client.id),
        )

    def test_id_that_only_looks_alike_is_unknown(self):
        """B07: some databases ignore case, accents and spaces."""
        client = self.client
        for client_id in (
            client.id.upper(),
            f'{client.id} ',
            f' {client.id}',
            client.id.replace('a', '\u00e1'),
            client.id[:-1],
            f'{client.id}%',
            '%',
            '',
            'x' * 5000,
            '\U0001f511',
        ):
            with self.variant(client_id):
                if client_id != client.id:
                    self.assertIsNone(self.find(client_id))

    def test_client_of_a_disabled_user_or_project_is_refused(self):
        """Databases represent booleans differently."""
        user, client = self.new_client()
        for table, key, reason in (
            ('user', user.id, 'the user is disabled'),
            ('project', self.project.id, 'the project is disabled'),
        ):
            with self.variant(table):
                self.switch(table, key, enabled=False)
                self.addCleanup(self.switch, table, key, enabled=True)
                self.assertEqual(reason, self.refusal(client))
                self.switch(table, key, enabled=True)
                self.assertIsNone(self.refusal(client))

    def test_expired_credential_is_refused(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        for seconds, refusal in (
            (60, None),
            (-60, 'the credential has expired'),
        ):
            with self.variant(seconds):
                user, client = self.new_client(
                    expires_at=now + datetime.timedelta(hours=1)
                )
                timeutils.set_time_override(
                    now.replace(tzinfo=None)
                    + datetime.timedelta(hours=1, seconds=-seconds)
                )
                self.addCleanup(timeutils.clear_time_override)
                self.assertEqual(refusal, self.refusal(client))
                timeutils.clear_time_override()

    def test_digest_can_be_stored_again(self):
        """Some databases count rows that an update did not change."""
        _, client = self.new_client()
        for digest in (DIGEST, DIGEST, OTHER_DIGEST):
            client_store.store_digest(client.id, digest)
            self.assertEqual(
                [(digest.key_id, digest.digest)], self.digests(client)
            )

    def test_concurrent_workers_store_one_row(self):
        """The second worker waits, and then leaves the row unchanged."""
        client = self.new_client_without_digest()
        errors = []

        def store():
            try:
                client_store.store_digest(client.id, OTHER_DIGEST)
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        row = self.row(client)
        second = threading.Thread(target=store)
        with self.engine.connect() as first, first.begin():
            first.execute(sa.insert(_TABLE).values(row))
            second.start()
            second.join(0.3)
            self.assertTrue(second.is_alive(), 'it did not wait')
        second.join(10)
        self.assertEqual([], errors)
        self.assertEqual(1, len(self.digests(client)))

    def test_concurrent_first_uses_do_not_fail(self):
        """Databases lock gaps between the rows of different clients."""
        ids = self.new_rows(_WORKERS * _ROUNDS)
        barrier = threading.Barrier(_WORKERS)
        errors = []

        def store(worker):
            for number in range(_ROUNDS):
                barrier.wait(30)
                try:
                    client_store.store_digest(
                        ids[number * _WORKERS + worker], DIGEST
                    )
                except Exception as error:  # noqa: BLE001
                    errors.append(error)

        workers = [
            threading.Thread(target=store, args=(worker,))
            for worker in range(_WORKERS)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        self.assertEqual([], errors)

    def new_rows(self, count):
        """Return the ids of many credentials, inserted without the API."""
        ids = [uuid.uuid4().hex for _ in range(count)]
        for client_id in ids:
            self.execute(
                'INSERT INTO application_credential'
                ' (id, name, secret_hash, user_id, project_id)'
                ' VALUES (:id, :id, :id, :user_id, :project_id)',
                id=client_id,
                user_id=self.user.id,
                project_id=self.project.id,
            )
        return ids

    def test_digest_for_a_deleted_client_has_no_effect(self):
        client = self.new_client_without_digest()
        self.delete_credential(client)
        client_store.store_digest(client.id, DIGEST)
        self.assertEqual([], self.digests(client))
        self.assertIsNone(self.find(client.id))

    def test_leftover_digest_is_not_used_for_another_client(self):
        """SQLite reuses the ids of rows."""
        _, client = self.new_client()
        self.execute(
            f'UPDATE {base.DIGESTS} SET client_id = :other'
            ' WHERE client_id = :id',
            id=client.id,
            other='0' * 32,
        )
        self.assertIsNone(self.find(client.id).secret_digest)
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertIsNotNone(self.find(client.id).secret_digest)

    def test_purge_keeps_digests_of_existing_clients(self):
        _, client = self.new_client()
        client_store.purge()
        self.assertEqual(1, len(self.digests(client)))
        self.assertEqual(0, client_store.purge())

    def test_purge_removes_digests_under_removed_keys(self):
        """Anyone with such a key could test guesses against them."""
        _, client = self.new_client()
        key_id = self.find(client.id).secret_digest.key_id
        _, other = self.new_client()
        client_store.store_digest(other.id, DIGEST)
        client_store.purge()
        self.assertEqual(1, len(self.digests(other)))
        self.assertLessEqual(1, client_store.purge([key_id, '0' * 32]))
        self.assertEqual([], self.digests(other))
        self.assertEqual(1, len(self.digests(client)))

    def test_missing_tables_are_503(self):
        """The error of the driver is recognised."""
        _, client = self.new_client()
        with self.without_tables():
            answer = self.post_as(client)
            self.assertEqual(
                (503, '5'), (answer.status, answer.headers['Retry-After'])
            )
            self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.assertThat(self.post_as(client), digests.ISSUED)


class CertificateTests:
    """Tests of certificates that tokens are bound to."""

    def new_certificate(self, **attributes):
        return mutual_tls.AUTHORITY.client([('CN', 'x')], **attributes)

    def test_both_thumbprints_are_stored(self):
        certificate = self.new_certificate()
        store = certificates.CertificateStore()
        # The second is the same worker, the third is another one.
        for worker in (store, store, certificates.CertificateStore()):
            worker.remember(binding(certificate))
            self.assertEqual(
                certificate.thumbprint,
                worker.find(certificate.keystone_thumbprint),
            )
        self.assertIsNone(store.find('x' * 44))

    def test_purge_removes_expired_certificates(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        hour = datetime.timedelta(hours=1)
        old = self.new_certificate(
            not_before=now - 2 * hour, not_after=now - hour
        )
        young = self.new_certificate(
            not_before=now - hour, not_after=now + hour
        )
        store = certificates.CertificateStore()
        for certificate in (old, young):
            store.remember(binding(certificate))
        moment = now.replace(tzinfo=None)
        self.assertEqual(1, certificates.purge(moment))
        self.assertIsNone(store.find(old.keystone_thumbprint))
        self.assertIsNotNone(store.find(young.keystone_thumbprint))
        self.assertEqual(0, certificates.purge(moment))
