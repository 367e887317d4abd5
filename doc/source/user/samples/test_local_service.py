"""A service that verifies JWTs itself refuses those of a deleted client."""

import time

import requests
import testtools

from keystone_oauth2 import fixture

OPTIONS = {
    'oauth2': {'issuer': 'https://keystone.example.com/v3'},
    'oauth2_tokens': {'format': 'jwt'},
    'token': {'provider': 'oauth2_fernet'},
}


class LocalServiceTest(testtools.TestCase):
    def test_token_of_a_deleted_client_is_refused(self):
        keystone = self.useFixture(fixture.KeystoneServer(OPTIONS))
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

        def status():
            answer = requests.get(
                f'{service.url}/local',
                headers={'Authorization': f'Bearer {token}'},
                verify=keystone.ca_file,
                timeout=60,
            )
            return answer.status_code

        self.assertEqual(200, status())
        keystone.client.delete_application_credential(user, client.id)
        deadline = time.monotonic() + 60
        while status() == 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(401, status())
