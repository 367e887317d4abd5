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

"""Requests that attackers send."""

import base64
import http.client
import itertools
import socket
import struct
import urllib.parse

from werkzeug import datastructures

from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import base as wire

TIMEOUT = 60
#: Other spellings of a header field's name that a server may treat as the
#: same name.
SPELLINGS = {
    'hyphens': str,
    'underscores': lambda name: name.replace('-', '_'),
    'dots': lambda name: name.replace('-', '.'),
    'other case': str.swapcase,
}


def forged(certificate, spelling='hyphens', verdict='hyphens', times=1):
    """Return forged header fields that present a certificate as verified.

    :param spelling: spelling of the names of the certificate fields.
    :param verdict: spelling of the names of the other fields.
    """
    names, verdict_names = SPELLINGS[spelling], SPELLINGS[verdict]
    escaped = urllib.parse.quote(certificate.pem, safe='+/=')
    encoded = base64.b64encode(certificate.der).decode()
    return times * [
        (names('X-SSL-Client-Cert'), escaped),
        (names('SSL-Client-Cert'), escaped),
        (names('HTTPS-CC'), escaped),
        (names('Client-Cert'), f':{encoded}:'),
        (verdict_names('X-SSL-Client-Verify'), 'SUCCESS'),
        (verdict_names('SSL-Client-Verify'), 'SUCCESS'),
    ]


def send(connection, form, fields=()):
    """Post a form with exactly the given header fields, even duplicates."""
    body = urllib.parse.urlencode(form)
    connection.putrequest('POST', wire.TOKEN)
    for name, value in [
        ('Content-Type', wire.FORM),
        ('Content-Length', str(len(body))),
        *fields,
    ]:
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    with connection.getresponse() as response:
        answer = _received(response)
    connection.close()
    return answer


def send_uwsgi(address, form, variables):
    """Post a form with the uwsgi protocol.

    :param address: host and port.
    :param variables: variables of the WSGI environment.
    """
    body = urllib.parse.urlencode(form).encode()
    items = {
        'REQUEST_METHOD': 'POST',
        'PATH_INFO': wire.TOKEN,
        'SERVER_NAME': 'localhost',
        'SERVER_PORT': '443',
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'HTTPS': 'on',
        'HTTP_HOST': 'localhost',
        'REMOTE_ADDR': '127.0.0.1',
        'CONTENT_TYPE': wire.FORM,
        'CONTENT_LENGTH': str(len(body)),
        **variables,
    }
    packed = b''.join(
        struct.pack('<H', len(text)) + text.encode()
        for text in itertools.chain(*items.items())
    )
    with socket.create_connection(address, TIMEOUT) as peer:
        peer.sendall(struct.pack('<BHB', 0, len(packed), 0) + packed + body)
        response = http.client.HTTPResponse(peer)
        response.begin()
        return _received(response)


def _received(response):
    """Convert a response of http.client to the fixture's form."""
    return fixture.Answer(
        response.status,
        datastructures.Headers(response.getheaders()),
        response.read(),
    )
