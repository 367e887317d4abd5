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

"""Paginated lists of authenticators."""

import urllib.parse

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation


class PagesTest(federation.FederationTestCase):
    def setUp(self):
        super().setUp()
        self.ids = [self.own.id]
        for _ in range(4):
            self.ids.append(self.register_secret()['id'])
        # Within one second, their ids decide the order.
        self.ids = [one['id'] for one in self.show('/secrets')['secrets']]
        self.url = 'http://localhost' + clients.path_of(self.own, '/secrets')

    def page(self, query=''):
        answer = self.show(f'/secrets{query}')
        self.assertEqual({'secrets', 'links'}, answer.keys())
        links = answer['links']
        self.assertEqual({'self', 'next', 'previous'}, links.keys())
        self.assertIsNone(links['previous'])
        return [one['id'] for one in answer['secrets']], links

    def test_without_a_limit_all_are_on_one_page(self):
        """The credential's own secret first, then from oldest to newest."""
        found, links = self.page()
        self.assertEqual(5, len(found))
        self.assertEqual(self.own.id, found[0])
        self.assertEqual(self.url, links['self'])
        self.assertIsNone(links['next'])

    def test_older_authenticators_come_first(self):
        for number, one in enumerate(self.ids[1:]):
            self.execute(
                f'UPDATE {clients.AUTHENTICATORS} SET created_at = :moment'
                ' WHERE id = :id',
                id=one,
                moment=f'20{20 - number}-01-01 00:00:00.000000',
            )
        self.assertEqual([self.own.id, *self.ids[:0:-1]], self.page()[0])

    def test_next_link_leads_through_all_pages(self):
        for limit, sizes in ((1, [1] * 5), (2, [2, 2, 1]), (5, [5])):
            with self.variant(limit):
                found, pages, query = [], [], f'?limit={limit}'
                while query and len(pages) < 9:
                    ids, links = self.page(query)
                    found += ids
                    pages.append(len(ids))
                    url = urllib.parse.urlsplit(links['next'] or '')
                    query = url.query and f'?{url.query}'
                self.assertEqual(sizes, pages)
                self.assertEqual(self.ids, found)

    def test_marker_is_the_last_id_of_the_previous_page(self):
        for number, marker in enumerate(self.ids):
            with self.variant(number):
                rest = self.ids[number + 1 :]
                self.assertEqual(rest, self.page(f'?marker={marker}')[0])
                found, links = self.page(f'?limit=9&marker={marker}')
                self.assertEqual((rest, None), (found, links['next']))

    def test_limit_above_the_length_of_the_list_has_no_effect(self):
        for limit in ('6', '007', '1000000000', '10000000001', '9' * 5000):
            with self.variant(limit):
                found, links = self.page(f'?limit={limit}')
                self.assertEqual((self.ids, None), (found, links['next']))

    def test_leading_zeros_of_a_limit_are_ignored(self):
        """However many there are."""
        for zeros in (1, 8, 9, 10, 40):
            for limit in (1, 2):
                with self.variant((zeros, limit)):
                    query = f'?limit={"0" * zeros}{limit}'
                    found, links = self.page(query)
                    self.assertEqual(self.ids[:limit], found)
                    self.assertIn(f'?limit={limit}&', links['next'])

    def test_invalid_limit_or_marker_is_400(self):
        signer = self.register_key()
        for query in (
            'limit=0',
            'limit=0000000000',
            'limit=-1',
            'limit=',
            'limit=x',
            'limit=1.5',
            'limit=+1',
            'limit=%D9%A1',
            'limit=1%00',
            'marker=',
            'marker=x',
            'marker=%00',
            f'marker={signer.id}',
            f'marker={self.own.id.upper()}',
            f'limit=0&marker={self.own.id}',
        ):
            with self.variant(query):
                answer = self.manage('GET', f'/secrets?{query}')
                self.assertThat(answer, clients.IsKeystoneError(400))

    def test_other_parameters_are_ignored(self):
        self.assertEqual(self.ids, self.page('?sort_key=id&x')[0])

    def test_each_kind_is_paginated(self):
        for kind, register in (
            ('key', self.register_key),
            ('certificate', self.register_subject),
            ('federated_identity', self.register_identity),
        ):
            with self.variant(kind):
                register(), register()
                collection = clients.COLLECTIONS[kind]
                answer = self.show(f'/{collection}?limit=1')
                (one,) = answer[collection]
                url = f'{collection}?limit=1&marker={one["id"]}'
                self.assertTrue(answer['links']['next'].endswith(url))

    def register_subject(self):
        name = f'{len(self.show("/certificates")["certificates"])}'
        return self.register_certificate(tls_client_auth_san_dns=name)

    def register_identity(self):
        found = self.show('/federated_identities')['federated_identities']
        return self.identify(subject=f'{len(found)}')
