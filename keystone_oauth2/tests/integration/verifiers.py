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

"""Independent libraries that verify JWT access tokens.

Each verifier is created with an issuer and an audience, and finds the keys
from the metadata of the issuer. Its ``verify`` returns the claims of a token,
or raises one of its ``REFUSALS``.
"""

import importlib.util
import json
import os
import pathlib
import subprocess
import threading
import urllib.request

from authlib.common import errors as authlib_errors
from authlib.oauth2 import rfc9068
from joserfc import errors as joserfc_errors
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
import jwt

SAMPLES = pathlib.Path('doc/source/user/samples')
TIMEOUT = 60
ALGORITHMS = ('ES256', 'ES384', 'EdDSA', 'PS256', 'RS256')
REQUIRED = ('client_id', 'exp', 'iat', 'jti', 'sub')


def _sample(name):
    specification = importlib.util.spec_from_file_location(
        name, SAMPLES / f'{name}.py'
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


_SAMPLE = _sample('verify_pyjwt')


def _keys(issuer):
    url = _SAMPLE.metadata(issuer)['jwks_uri']
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        return json.load(answer)


class PyJWT(_SAMPLE.Verifier):
    """The sample of the user guide."""

    REFUSALS = (jwt.PyJWTError,)
    algorithms = ALGORITHMS


class Joserfc:
    """It leaves the type to the caller."""

    REFUSALS = (joserfc_errors.JoseError,)
    algorithms = ALGORITHMS

    def __init__(self, issuer, audience):
        self.keys = joserfc_jwk.KeySet.import_key_set(_keys(issuer))
        self.registry = joserfc_jwt.JWTClaimsRegistry(
            iss={'essential': True, 'value': issuer},
            aud={'essential': True, 'value': audience},
            **{name: {'essential': True} for name in REQUIRED},
        )

    def verify(self, token):
        """Return the claims of a token."""
        found = joserfc_jwt.decode(token, self.keys, [*self.algorithms])
        if found.header['typ'] != 'at+jwt':
            raise joserfc_errors.InvalidClaimError('typ')
        self.registry.validate(found.claims)
        return found.claims


class Authlib(rfc9068.JWTBearerTokenValidator):
    """Its validator of RFC 9068, which has the algorithms of that RFC."""

    REFUSALS = (authlib_errors.AuthlibBaseError,)
    algorithms = ('ES256', 'RS256')

    def __init__(self, issuer, audience):
        super().__init__(issuer, audience)
        self.keys = _keys(issuer)

    def get_jwks(self):
        """Return the keys, as the validator asks for them."""
        return self.keys

    def verify(self, token):
        """Return the claims of a token."""
        found = self.authenticate_token(token)
        self.validate_token(found, [], None)
        return dict(found)


class Refused(Exception):
    """A JavaScript library has refused a token; the argument is its error."""


class JavaScript:
    """A sample of the user guide, in a process of its own.

    :param folder: of the programs, the samples and their packages.
    :param ca_file: that verifies the server.
    """

    REFUSALS = (Refused,)
    algorithms = ALGORITHMS

    def __init__(self, sample, folder, ca_file, issuer, audience):
        self.process = subprocess.Popen(
            ['node', 'verifier.mjs', sample, issuer, audience],
            cwd=folder,
            env={**os.environ, 'NODE_EXTRA_CA_CERTS': f'{ca_file}'},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding='utf-8',
        )
        self.timer = threading.Timer(TIMEOUT, self.process.kill)
        self.timer.start()

    def close(self):
        """End the process."""
        self.timer.cancel()
        self.process.kill()
        self.process.communicate()

    def verify(self, token):
        """Return the claims of a token."""
        self.process.stdin.write(f'{token}\n')
        self.process.stdin.flush()
        report = json.loads(self.process.stdout.readline())
        if 'error' in report:
            raise Refused(report['error'])
        return report['claims']
