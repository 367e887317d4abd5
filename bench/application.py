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

"""The unmodified Keystone for uWSGI.

``keystone.wsgi.api`` reads ``sys.argv``, so the application is created here.
This module also plays the TLS front end: it passes on a certificate from a
header field of the client, as Apache does with that of the connection.
"""

import os
import typing as ty
import urllib.parse
import warnings

warnings.simplefilter('ignore')

from keystone.server.flask import core  # noqa: E402

_keystone = core.initialize_application(
    'public', config_files=[os.environ['BENCH_CONFIG_FILE']]
)


def application(environ: dict[str, ty.Any], start_response: ty.Any) -> ty.Any:
    """Handle a request, with the certificate in its usual place."""
    certificate = environ.pop('HTTP_X_BENCH_CERTIFICATE', None)
    if certificate is not None:
        environ['SSL_CLIENT_CERT'] = urllib.parse.unquote(certificate)
        environ['SSL_CLIENT_VERIFY'] = 'SUCCESS'
    return _keystone(environ, start_response)
