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

"""Commands to paste and try while the demo is kept running."""

from __future__ import annotations

import pathlib
import shlex
import shutil
import sys
import typing

from oslo_serialization import jsonutils

from demo import stage
from demo import terminal
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.fixture import _identity

WELL_KNOWN = '/.well-known/oauth-authorization-server'
READ_TOKEN = 'python3 -c \'import json, sys; print(json.load(sys.stdin)["access_token"])\''  # noqa: E501

CURL = (
    (
        'Get an access token with the secret, and call the service with it',
        'curl -w "\\n" --cacert $CA --user $CLIENT_ID:$CLIENT_SECRET '
        '-d grant_type=client_credentials $TOKEN_ENDPOINT',
        'TOKEN=$(curl -s --cacert $CA --user $CLIENT_ID:$CLIENT_SECRET '
        f'-d grant_type=client_credentials $TOKEN_ENDPOINT | {READ_TOKEN})',
        'curl -w "\\n" --cacert $CA '
        '-H "Authorization: Bearer $TOKEN" $SERVICE/secret',
    ),
    (
        'The same token, which is now a JWT, where the service verifies it',
        'curl -w "\\n" --cacert $CA '
        '-H "Authorization: Bearer $TOKEN" $SERVICE/local',
    ),
    (
        'The same with the certificate',
        'TOKEN=$(curl -s --cacert $CA --cert $CERTIFICATE --key $KEY '
        '-d grant_type=client_credentials -d client_id=$ROBOT_ID '
        f'$TOKEN_ENDPOINT | {READ_TOKEN})',
        'curl -w "\\n" --cacert $CA --cert $CERTIFICATE --key $KEY '
        '-H "Authorization: Bearer $TOKEN" $SERVICE/certificate',
    ),
)

DISCOVERY = (
    (
        'The metadata from which clients configure themselves (RFC 8414)',
        'curl -w "\\n" --cacert $CA $METADATA',
    ),
    (
        'With Node.js: openid-client, which needs only the issuer',
        'cd $FOLDER && npm install openid-client',
        "NODE_EXTRA_CA_CERTS=$CA node --input-type=module -e '"
        'import * as client from "openid-client"; '
        'const { ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env; '
        'const server = await client.discovery(new URL(ISSUER), CLIENT_ID, '
        'undefined, client.ClientSecretBasic(CLIENT_SECRET), '
        '{ algorithm: "oauth2" }); '
        "console.log(await client.clientCredentialsGrant(server))'",
    ),
)

OPENSTACK = (
    (
        'As alice, the owner of the client, and as the administrator',
        'openstack --os-cloud alice application credential list',
        'openstack --os-cloud alice application credential create '
        '--role member another',
        'openstack --os-cloud admin mapping show oauth2_mapping',
    ),
    (
        'As the clients, with the secret and with the certificate',
        'openstack --os-cloud client token issue',
        'openstack --os-cloud robot token issue',
    ),
)


def show(
    set_up: stage.Stage,
    client: _identity.ApplicationCredential,
    out: terminal.Terminal,
) -> None:
    """Write the files that the commands need, and print the commands."""
    environment = _write_environment(set_up, client)
    out.chapter('Running until Ctrl-C')
    out.say('In another terminal, first run:')
    out.line()
    out.command(f'. {environment}')
    for title, *commands in (*CURL, *DISCOVERY, *OPENSTACK):
        out.line()
        out.say(f'{title}:')
        out.line()
        for command in commands:
            out.command(command)
    out.line()
    if not _openstack_folder() and not shutil.which('openstack'):
        out.say(
            'The openstack command is not installed. To install it: '
            f'{sys.executable} -m pip install python-openstackclient'
        )
    out.say(f'Configuration, keys and logs are in {set_up.folder}')


def _write_environment(
    set_up: stage.Stage, client: _identity.ApplicationCredential
) -> pathlib.Path:
    clouds = set_up.folder / 'clouds.yaml'
    _write(clouds, jsonutils.dumps(_clouds(set_up, client), indent=2))
    certificate, key = set_up.robot_files
    variables = {
        'FOLDER': set_up.folder,
        'CA': set_up.ca_file,
        'ISSUER': set_up.issuer,
        'METADATA': f'{set_up.url}{WELL_KNOWN}/v3',
        'TOKEN_ENDPOINT': _token_endpoint(set_up),
        'SERVICE': set_up.service_url,
        'CLIENT_ID': client.id,
        'CLIENT_SECRET': client.secret,
        'ROBOT_ID': set_up.robot.id,
        'CERTIFICATE': certificate,
        'KEY': key,
        'OS_CLIENT_CONFIG_FILE': clouds,
        'NO_PROXY': '127.0.0.1',
        'no_proxy': '127.0.0.1',
    }
    lines = [
        f'export {name}={shlex.quote(str(value))}\n'
        for name, value in variables.items()
    ]
    if folder := _openstack_folder():
        lines.append(f'export PATH={shlex.quote(str(folder))}:"$PATH"\n')
    path = set_up.folder / 'environment'
    _write(path, ''.join(lines))
    return path


def _openstack_folder() -> pathlib.Path | None:
    folder = pathlib.Path(sys.executable).parent
    return folder if (folder / 'openstack').exists() else None


def _clouds(
    set_up: stage.Stage, client: _identity.ApplicationCredential
) -> dict[str, typing.Any]:
    admin = _password('admin', set_up.deployment.admin_password, 'admin')
    alice = _password('alice', set_up.alice.password, 'demo')
    certificate, key = set_up.robot_files
    clouds: dict[str, dict[str, typing.Any]] = {
        'admin': {'auth': admin},
        'alice': {'auth': alice},
        'client': {
            'auth_type': 'v3oauth2clientcredential',
            'auth': {
                'oauth2_endpoint': _token_endpoint(set_up),
                'oauth2_client_id': client.id,
                'oauth2_client_secret': client.secret,
            },
        },
        'robot': {
            'auth_type': 'v3oauth2mtlsclientcredential',
            'auth': {
                'oauth2_endpoint': _token_endpoint(set_up),
                'oauth2_client_id': set_up.robot.id,
            },
            'cert': str(certificate),
            'key': str(key),
        },
    }
    for cloud in clouds.values():
        _add_common(cloud, set_up)
    return {'clouds': clouds}


def _add_common(cloud: dict[str, typing.Any], set_up: stage.Stage) -> None:
    cloud['auth']['auth_url'] = f'{set_up.url}/v3'
    cloud['cacert'] = str(set_up.ca_file)
    cloud['identity_api_version'] = '3'
    cloud['region_name'] = _deployment.REGION


def _password(username: str, password: str, project: str) -> dict[str, str]:
    return {
        'username': username,
        'password': password,
        'project_name': project,
        'user_domain_id': 'default',
        'project_domain_id': 'default',
    }


def _token_endpoint(set_up: stage.Stage) -> str:
    return f'{set_up.url}/v3/OS-OAUTH2/token'


def _write(path: pathlib.Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
