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

"""Verify responses against the OpenAPI description of the endpoints."""

import pathlib

import requests
import schemathesis
from schemathesis import checks
import yaml

from keystone_oauth2 import tests

ROOT = pathlib.Path(tests.__path__[0]).parents[1]
PATH = ROOT / 'api-ref' / 'source' / 'openapi.yaml'
CHECKS = (
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_headers_conformance',
    'response_schema_conformance',
)
#: Words that may appear only in the log.
INTERNAL = (
    'Traceback',
    'File "',
    '.py',
    'SELECT',
    'sqlalchemy',
    'sqlite',
    'keystone.exception',
    'keystone_oauth2',
    'Error(',
    '/tmp',
    '<',
)

#: A part of Keystone's page for a body above its own limit.
KEYSTONES_LIMIT = b'max_request_body_size'


def document():
    """Return the description."""
    return yaml.safe_load(PATH.read_text())


def operations():
    """Return the methods of each path in the description."""
    methods = ('get', 'head', 'post', 'put', 'patch', 'delete')
    return {
        path: {name.upper() for name in item if name in methods}
        for path, item in document()['paths'].items()
    }


def load(application):
    """Return the description as a schema of schemathesis.

    :param application: the WSGI application to send requests to.
    """
    schema = schemathesis.openapi.from_path(PATH)
    schema.app = application
    return schema


def verify(case, response, sent=''):
    """Verify a response against the description.

    :param case: of schemathesis, as is the response.
    :param sent: text that the response may repeat.
    :raises Exception: it differs from the description, or reveals internals.
    """
    if response.status_code == 413 and KEYSTONES_LIMIT in response.content:
        # Keystone itself responds to larger bodies, before this extension.
        return
    case.validate_response(
        response, checks=[checks.CHECKS.get_one(name) for name in CHECKS]
    )
    text = response.content.decode('utf-8')
    leaked = [word for word in INTERNAL if word in text and word not in sent]
    if leaked:
        raise AssertionError(f'{leaked} in {text}')


def verify_answer(operation, answer):
    """Verify an answer of the fixture against the description.

    :param operation: of schemathesis.
    """
    case = operation.Case()
    url = f'http://localhost{operation.path}'
    response = schemathesis.Response(
        status_code=answer.status,
        headers={
            name: answer.headers.getlist(name)
            for name in answer.headers.keys()
        },
        content=answer.body,
        request=requests.Request(case.method, url).prepare(),
        elapsed=0,
        verify=True,
    )
    verify(case, response)
