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

"""Read requests, and set the header fields that all responses need."""

import dataclasses
import io
import typing as ty
from wsgiref import util

import flask
from werkzeug import exceptions

from keystone_oauth2.api import negotiation
from keystone_oauth2.api import observer
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.front_end import proxies
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import presented
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import introspection_jwt
from keystone_oauth2.protocol import messages


@dataclasses.dataclass(frozen=True)
class RequestReader:
    """Reads requests to protocol endpoints, and has their results reported.

    :ivar proxies: find the source of a request.
    :ivar certificate_reader: None if no enabled method uses client
        certificates.
    :ivar observer: is notified of each response.
    """

    proxies: proxies.Proxies
    certificate_reader: client_certificate.Reader | None
    observer: observer.Observer

    def read(self) -> messages.Request:
        """Return the current request to one of this package's endpoints.

        :raises exceptions.ClientDisconnected: its body is incomplete.
        """
        head = self.head()
        return dataclasses.replace(
            head,
            body=read_body(),
            has_keystone_token=presented.has_token(),
            token_holder=callers.token_holder(web.auth_context()),
            understands_access_rules=presented.understands_access_rules(),
            prefers_jwt=negotiation.prefers(
                introspection_jwt.MEDIA_TYPE, head.fields.get('accept', '')
            ),
        )

    def head(self) -> messages.Request:
        """Return the current request without its body and its token."""
        environ = flask.request.environ
        reader = self.certificate_reader
        return messages.Request(
            method=environ['REQUEST_METHOD'],
            url=util.request_uri(environ, include_query=False),
            query=environ.get('QUERY_STRING', ''),
            fields=_fields(environ),
            client_certificate=reader.read(environ) if reader else None,
            source=self.proxies.source(environ),
        )


def _fields(environ: dict[str, ty.Any]) -> dict[str, str]:
    # werkzeug's parsers raise an exception for some non-ASCII bytes.
    fields = {
        name[5:].replace('_', '-').lower(): value
        for name, value in environ.items()
        if name.startswith('HTTP_')
    }
    fields['content-type'] = environ.get('CONTENT_TYPE', '')
    return fields


def read_body() -> bytes:
    """Return the body of the current request, which is read once.

    :raises exceptions.ClientDisconnected: it is incomplete.
    """
    try:
        return flask.request.get_data()
    except OSError as error:
        # uWSGI and mod_wsgi report a disconnected client this way, and
        # mod_wsgi a chunk that is not valid.
        raise exceptions.ClientDisconnected from error


def discard_body() -> None:
    """Discard the body of the current request, before anything reads it.

    Keystone requires bodies to be JSON where no other type is expected. Flask
    calls a ``url_value_preprocessor`` before Keystone's hook for it.
    """
    flask.request.environ['wsgi.input'] = io.BytesIO()
    flask.request.environ['CONTENT_LENGTH'] = '0'


def drop_media_type_of_nothing(response: flask.Response) -> flask.Response:
    """Remove ``Content-Type`` where there is no body (RFC 9110, 8.3).

    Clients parse a body that has a media type, and fail on an empty JSON text.
    """
    if not response.get_data():
        response.headers.pop('Content-Type', None)
    return response


def no_store(response: flask.Response) -> flask.Response:
    """Mark a response as not cacheable (RFC 6749, 5.1)."""
    response.headers['Cache-Control'] = 'no-store'
    response.headers['Pragma'] = 'no-cache'
    return response
