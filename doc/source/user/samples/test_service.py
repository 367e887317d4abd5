"""A service accepts a token that a client got for its secret."""

import requests
import testtools

from keystone_oauth2 import fixture


class ServiceTest(testtools.TestCase):
    def test_token_is_accepted(self):
        keystone = self.useFixture(fixture.KeystoneServer())
        service = self.useFixture(fixture.ServiceServer(keystone))
        project = keystone.client.create_project()
        user = keystone.client.create_user(project, ['member'])
        client = keystone.client.create_application_credential(user)

        issued = requests.post(
            f'{keystone.url}/v3/OS-OAUTH2/token',
            auth=(client.id, client.secret),
            data={'grant_type': 'client_credentials'},
            verify=keystone.ca_file,
            timeout=60,
        )
        token = issued.json()['access_token']
        answer = requests.get(
            f'{service.url}/secret',
            headers={'Authorization': f'Bearer {token}'},
            verify=keystone.ca_file,
            timeout=60,
        )

        self.assertEqual(200, answer.status_code)
        self.assertEqual(user.name, answer.json()['user'])
