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

"""A service behind external_oauth2_token, the filter of keystonemiddleware.

Each file of a folder configures the filter, like the configuration file of a
service. The service is mounted once for each file, under its name.
"""

import pathlib

from keystonemiddleware import external_oauth2_token
from oslo_serialization import jsonutils
from werkzeug import exceptions
from werkzeug import wrappers
from werkzeug.middleware import dispatcher

#: The headers from which a service builds its request context.
HEADERS = (
    'OpenStack-System-Scope',
    'X-Domain-Id',
    'X-Domain-Name',
    'X-Identity-Status',
    'X-Is-Admin-Project',
    'X-Project-Domain-Id',
    'X-Project-Domain-Name',
    'X-Project-Id',
    'X-Project-Name',
    'X-Roles',
    'X-User-Domain-Id',
    'X-User-Domain-Name',
    'X-User-Id',
    'X-User-Name',
)


@wrappers.Request.application
def show_identity(request):
    """Return the headers that the filter has set."""
    found = {
        name: request.headers[name]
        for name in HEADERS
        if name in request.headers
    }
    return wrappers.Response(
        jsonutils.dumps(found), mimetype='application/json'
    )


def application(folder):
    """Build the service from the files of a folder."""
    return dispatcher.DispatcherMiddleware(
        exceptions.NotFound(),
        {f'/{path.stem}': _service(path) for path in _files(folder)},
    )


def _files(folder):
    return sorted(pathlib.Path(folder).glob('*.conf'))


def _service(path):
    factory = external_oauth2_token.filter_factory(
        {'oslo_config_project': 'example', 'oslo_config_file': str(path)}
    )
    return factory(show_identity)
