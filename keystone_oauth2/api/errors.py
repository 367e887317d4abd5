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

"""Render an OAuthError as an HTTP response."""

import json

import flask

from keystone_oauth2.protocol import errors


def render(error: errors.OAuthError, challenges: list[str]) -> flask.Response:
    """Return the response for an error (RFC 6749, 5.2).

    :param challenges: values of ``WWW-Authenticate``, for a 401.
    """
    description = error.description
    if isinstance(error, errors.ServerError) and error.request_id:
        description = f'{description} Request id: {error.request_id}'
    response = flask.Response(
        json.dumps({'error': error.code, 'error_description': description}),
        status=error.status,
        headers=error.headers,
        content_type='application/json',
    )
    if error.status == 401:
        for challenge in challenges:
            response.headers.add('WWW-Authenticate', challenge)
    return response
