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

"""Trusted issuers, their JWTs, and clients with federated identities."""

import datetime
import hmac
import itertools
import json
import time

from cryptography.hazmat.primitives import serialization
import jwt

from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import identity
from keystone_oauth2.protocol.federation import issuer_keys
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.protocol.federation import vouching
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import base as protocol_base

OWN_ISSUER = protocol_base.ISSUER
TOKEN_ENDPOINT = f'{OWN_ISSUER}/OS-OAUTH2/token'
ISSUER = 'https://issuer.example.com'
TRUST_DOMAIN = 'spiffe://example.org'
SUBJECT = 'system:serviceaccount:shop:checkout'

_NUMBERS = itertools.count()


class Key:
    """A key pair of an issuer.

    :param kid: its id, or None for a key without one.
    """

    def __init__(self, kid='key', algorithm='ES256'):
        self.kid = kid
        self.algorithm = algorithm
        self.private = assertions.new_key(algorithm)

    @property
    def signer(self):
        """The same key for JWTs of any content."""
        return assertions.Signer(
            ISSUER, OWN_ISSUER, self.algorithm, self.private
        )

    def jwk(self, **members):
        """Return the public key.

        :param members: to add.
        """
        kid = {} if self.kid is None else {'kid': self.kid}
        return {
            **assertions.jwk(self.private, self.algorithm),
            **kid,
            **members,
        }

    def sign(self, claims, **header):
        """Return a JWT.

        :param header: members of the JOSE header; None leaves one out.
        """
        members = {'kid': self.kid, 'typ': 'JWT', **header}
        algorithm = members.pop('alg', self.algorithm)
        # PyJWT itself leaves out a typ of None.
        kid = members.pop('kid')
        if kid is not None:
            members['kid'] = kid
        return jwt.encode(claims, self.private, algorithm, members)


KEY = Key()
OTHER_KEY = Key('other')
RSA_KEY = Key('rsa', 'RS256')


def now():
    """Return the time in UTC, without a zone."""
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def jwks(*keys):
    """Return the text of a JWK set."""
    return issuer_keys.usable(
        {'keys': [key.jwk() for key in keys]}, trusted_issuer.OIDC
    )[0]


def trusted(issuer_id='issuer', kind=trusted_issuer.OIDC, **given):
    """Return a trusted issuer with the key :data:`KEY`, fetched just now."""
    usual = {} if trusted_issuer.PRESETS[kind].issuer else {'issuer': ISSUER}
    if kind == trusted_issuer.SPIFFE:
        usual = {
            'issuer': TRUST_DOMAIN,
            'jwks_uri': 'https://bundle.example.org/',
        }
    if given.get('key_source') == trusted_issuer.JWKS:
        usual.pop('jwks_uri', None)
    return trusted_issuer.make(
        issuer_id,
        kind,
        OWN_ISSUER,
        **{
            'algorithms': ('ES256', 'RS256'),
            'jwks': jwks(KEY),
            'keys_fetched_at': now(),
            **usual,
            **given,
        },
    )


def claims(**changed):
    """Return the claims of a JWT that is valid for a minute.

    :param changed: claims to change; None leaves one out.
    """
    start = int(time.time())
    wanted = {
        'iss': ISSUER,
        'sub': SUBJECT,
        'aud': OWN_ISSUER,
        'iat': start,
        'exp': start + 60,
        'jti': f'jti {next(_NUMBERS)}',
        **changed,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def github_claims(**changed):
    """Return the claims of a job of GitHub for a push."""
    repository = 'example/shop'
    workflow = f'{repository}/.github/workflows/deploy.yml@refs/heads/main'
    return claims(
        **{
            'iss': 'https://token.actions.githubusercontent.com',
            'sub': f'repo:{repository}:ref:refs/heads/main',
            'repository': repository,
            'repository_id': '123',
            'repository_owner_id': '45',
            'ref': 'refs/heads/main',
            'event_name': 'push',
            'workflow_ref': workflow,
            'job_workflow_ref': workflow,
            **changed,
        }
    )


def gitlab_claims(**changed):
    """Return the claims of a job of GitLab for a push."""
    return claims(
        **{
            'iss': 'https://gitlab.com',
            'sub': 'project_path:example/shop:ref_type:branch:ref:main',
            'project_id': '123',
            'namespace_id': '45',
            'ref': 'main',
            'ref_protected': 'true',
            'pipeline_source': 'push',
            **changed,
        }
    )


def public_forms(key):
    """Return the forms of a public key that may be taken for a secret."""
    public = key.private.public_key()
    return [
        json.dumps(key.jwk()).encode(),
        *(
            public.public_bytes(encoding, form)
            for encoding, form in (
                (
                    serialization.Encoding.PEM,
                    serialization.PublicFormat.SubjectPublicKeyInfo,
                ),
                (
                    serialization.Encoding.DER,
                    serialization.PublicFormat.SubjectPublicKeyInfo,
                ),
                (
                    serialization.Encoding.PEM,
                    serialization.PublicFormat.PKCS1,
                ),
            )
        ),
    ]


def hmac_signed(header, claims, secret):
    """Return a JWT with an HMAC; libraries refuse public keys as secrets."""
    text = '.'.join(
        assertions.base64url(json.dumps(part).encode())
        for part in (header, claims)
    )
    digest = header['alg'].replace('HS', 'sha')
    signature = hmac.digest(secret, text.encode(), digest)
    return f'{text}.{assertions.base64url(signature)}'


class TrustedIssuerStore:
    """A :class:`.ports.TrustedIssuerStore` in memory.

    :ivar searches: each ``iss`` that was looked for.
    """

    def __init__(self):
        self._issuers = {}
        self.searches = []

    def add(self, *issuers):
        """Add or replace issuers."""
        for issuer in issuers:
            self._issuers[issuer.id] = issuer

    def remove(self, issuer_id):
        del self._issuers[issuer_id]

    def find(self, issuer):
        self.searches.append(issuer)
        return [
            one
            for one in self._issuers.values()
            if one.issuer == issuer and one.is_enabled
        ]


class KeyFetcher:
    """A :class:`.ports.KeyFetcher` that fetches nothing.

    :ivar is_fetching: whether a request for keys has begun and not ended.
    :ivar is_started: whether it keeps keys up to date.
    :ivar wanted: ids of the issuers whose keys were asked for.
    """

    def __init__(self):
        self.is_fetching = False
        self.is_started = False
        self.wanted = []

    def start(self):
        self.is_started = True
        return True

    def want(self, issuer):
        self.wanted.append(issuer.id)
        return self.is_fetching


class FederationTestCase(base.TestCase):
    """One trusted issuer, and a client without authenticators."""

    def setUp(self):
        super().setUp()
        self.issuers = TrustedIssuerStore()
        self.issuers.add(trusted())
        self.fetcher = KeyFetcher()
        self.replay_cache = protocol_base.ReplayCache()
        self.clients = protocol_base.ClientStore()
        self.clients.add('client')

    @property
    def vouching(self):
        return vouching.Vouching(
            trusted_issuers=self.issuers,
            key_fetcher=self.fetcher,
            issuer=OWN_ISSUER,
        )

    def register(
        self, issuer=None, subject=SUBJECT, client_id='client', **claims
    ):
        """Register a federated identity, and return its authenticator."""
        made = identity.FederatedIdentity.read(
            issuer or trusted(), subject, claims
        )
        return self.clients.register(
            registration.FEDERATED_IDENTITY,
            made.value,
            client_id,
            made.fingerprint,
        )
