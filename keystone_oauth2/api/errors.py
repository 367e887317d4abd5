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

"""Find the error that a client may see, and render it."""

import collections.abc as abc
import json
import re

import flask
from oslo_log import log
from werkzeug import exceptions

from keystone_oauth2.identity import database
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import errors

LOG = log.getLogger(__name__)

RETRY_AFTER = 5
_NOT_IN_DESCRIPTION = re.compile(r'[^A-Za-z0-9-]')


def translate(error: Exception) -> errors.OAuthError:
    """Return the error that a client may see.

    :param error: a method that is not allowed, an incomplete request, or a
        defect.
    """
    if isinstance(error, exceptions.MethodNotAllowed):
        return errors.MethodNotAllowed(error.valid_methods or ())
    if isinstance(error, exceptions.ClientDisconnected):
        LOG.info('The client disconnected before the end of its request')
        return errors.IncompleteBody()
    if database.is_outage(error):
        _log_outage(error)
        return errors.TemporarilyUnavailable(RETRY_AFTER)
    LOG.exception('Unexpected error at an OAuth 2.0 endpoint')
    return errors.ServerError(_request_id())


def _log_outage(error: Exception) -> None:
    if database.is_missing_table(error):
        LOG.error(
            'The tables of keystone-oauth2 are missing: run '
            'keystone-oauth2-manage db_sync.'
        )
    LOG.error('The database is unavailable: %s', database.reason(error))


def _request_id() -> str:
    request_id = flask.request.environ.get('openstack.request_id', '')
    return _NOT_IN_DESCRIPTION.sub('', request_id)


def render(
    error: errors.OAuthError, challenges: abc.Sequence[str] = ()
) -> flask.Response:
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


def render_as_keystone(error: errors.OAuthError) -> flask.Response:
    """Return the response for an error in Keystone's format."""
    response = web.render(error.status, error.description)
    response.headers.update(error.headers)
    return response
