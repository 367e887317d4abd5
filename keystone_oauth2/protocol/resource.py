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

"""The resources for which a client asks for a token (RFC 8707)."""

import re
import urllib.parse

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import parameters

# RFC 3986, 2: what a URI may have, less "#".
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9%:/?\[\]@!$&'()*+,;=._~-]+"
)


def read(form: parameters.Parameters) -> tuple[str, ...]:
    """Return the resources in a request.

    :returns: absolute URIs as they were sent, each once; none for any.
    :raises InvalidTarget: one is not an absolute URI without a fragment.
    """
    if not all(map(_is_absolute, form.resources)):
        raise errors.InvalidTarget(detail='a resource is malformed')
    return form.resources


def _is_absolute(text: str) -> bool:
    if not _URI.fullmatch(text):
        return False
    try:
        return bool(urllib.parse.urlsplit(text).scheme)
    except ValueError:
        return False
