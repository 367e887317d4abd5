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

"""Choose the representation of a response (RFC 9110, 12)."""

import typing as ty

import flask
from werkzeug import datastructures
from werkzeug import http

_JSON = 'application/json'


def prefers(media_type: str, field: str) -> bool:
    """Whether a client asks for a media type rather than for JSON.

    A wildcard means JSON. A client that gives both the same quality can read
    both, and would not have named the other one for nothing.

    :param field: the value of ``Accept``, or empty.
    """
    if media_type not in field.lower():
        # Most requests do not name it, and need not be parsed.
        return False
    try:
        accepted = http.parse_accept_header(field, datastructures.MIMEAccept)
    except (IndexError, ValueError):
        # Werkzeug 3.1.3 fails on a parameter whose name is an asterisk.
        return False
    named = datastructures.MIMEAccept(
        (name, quality) for name, quality in accepted if '*' not in name
    )
    quality = named.quality(media_type)
    return quality > 0 and quality >= accepted.quality(_JSON)


class NegotiatedResponse(flask.Response):
    """A response that depends on ``Accept``, and says so."""

    def get_wsgi_headers(
        self, environ: dict[str, ty.Any]
    ) -> datastructures.Headers:
        """Return the header fields.

        Keystone replaces ``Vary`` of all responses, in its last hook.
        """
        self.vary.add('Accept')
        return super().get_wsgi_headers(environ)
