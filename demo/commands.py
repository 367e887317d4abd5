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
import sys

from demo import clients
from demo import clouds
from demo import stage
from demo import terminal

WELL_KNOWN = '/.well-known/oauth-authorization-server'
READ_TOKEN = 'python3 -c \'import json, sys; print(json.load(sys.stdin)["access_token"])\''  # noqa: E501

OPENSTACK = (
    (
        'As alice, the owner of the client (OS_CLOUD=alice)',
        'openstack oauth2 client show $CLIENT_ID',
        'openstack oauth2 client secret create $CLIENT_ID --expires-in 90d',
        'openstack oauth2 client secret list $CLIENT_ID',
        'openstack oauth2 client key create $CLIENT_ID --generate $KEY',
    ),
    (
        'As the client, with the secret, and then with the key; as robot, '
        'with a certificate. Each has the auth_type v3oauth2client in '
        'clouds.yaml',
        'openstack --os-cloud client project list --my-projects',
        'openstack --os-cloud key project list --my-projects',
        'openstack --os-cloud robot project list --my-projects',
    ),
    (
        'An access token, and what the administrator sees in it',
        'TOKEN=$(openstack --os-cloud client oauth2 access token issue '
        '-f value -c access_token)',
        'echo $TOKEN | openstack --os-cloud admin oauth2 access token '
        'introspect -',
    ),
    (
        'Nothing but the key; the client is then refused with its secret',
        'openstack oauth2 client set $CLIENT_ID '
        '--authentication-method private_key_jwt',
        'openstack --os-cloud client project list --my-projects',
        'openstack oauth2 client set $CLIENT_ID --all-authentication-methods',
    ),
)

WIRE = (
    (
        'The same on the wire, with curl: the metadata (RFC 8414), a token, '
        'and a call of the service that verifies it',
        'curl -w "\\n" --cacert $CA $METADATA',
        'TOKEN=$(curl -s --cacert $CA --user $CLIENT_ID:$CLIENT_SECRET '
        f'-d grant_type=client_credentials $TOKEN_ENDPOINT | {READ_TOKEN})',
        'curl -w "\\n" --cacert $CA '
        '-H "Authorization: Bearer $TOKEN" $SERVICE/local',
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


def show(set_up: stage.Stage, client_id: str, out: terminal.Terminal) -> None:
    """Write the files that the commands need, and print the commands.

    :param client_id: of the client whose secret is in a file.
    """
    clouds.write(set_up, client_id)
    environment = _write_environment(set_up, client_id)
    out.chapter('Running until Ctrl-C')
    out.say('In another terminal, first run:')
    out.line()
    out.command(f'. {environment}')
    for title, *commands in (*OPENSTACK, *WIRE):
        out.line()
        out.say(f'{title}:')
        out.line()
        for command in commands:
            out.command(command)
    out.line()
    out.say(f'Configuration, keys and logs are in {set_up.folder}')


def _write_environment(set_up: stage.Stage, client_id: str) -> pathlib.Path:
    secret = (set_up.folder / clouds.SECRET_FILE).read_text().strip()
    variables = {
        'FOLDER': set_up.folder,
        'CA': set_up.ca_file,
        'ISSUER': set_up.issuer,
        'METADATA': f'{set_up.url}{WELL_KNOWN}/v3',
        'TOKEN_ENDPOINT': set_up.url + clients.TOKEN_PATH,
        'SERVICE': set_up.service_url,
        'CLIENT_ID': client_id,
        'CLIENT_SECRET': secret,
        'KEY': set_up.folder / clouds.KEY_FILE,
        **clouds.environment(set_up),
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
    clouds.write_privately(path, ''.join(lines))
    return path


def _openstack_folder() -> pathlib.Path | None:
    folder = pathlib.Path(sys.executable).parent
    return folder if (folder / 'openstack').exists() else None
