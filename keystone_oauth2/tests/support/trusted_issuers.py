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

"""Issuers of JWTs, with the claims that the documentation of each one lists.

Keys, key sets and signatures are made with joserfc, which shares nothing with
the code that verifies them.
"""

import base64
import contextlib
import functools
import hashlib
import json
import sqlite3
import subprocess
import sys
import time
import uuid

from cryptography.hazmat.primitives import serialization
from joserfc import jwk
from joserfc import jws

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import tokens

TABLE = 'oauth2_trusted_issuer'
# Importing Keystone takes seconds, which all commands share.
_SCRIPT = """
import json, os, sys
from keystone_oauth2.cmd import manage
for arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if child == 0:
        sys.exit(manage.main(arguments))
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
"""
_TYPES = {'RS': jwk.RSAKey, 'PS': jwk.RSAKey, 'ES': jwk.ECKey}
#: Also those that joserfc does not recommend.
_REGISTRY = jws.JWSRegistry(
    algorithms=[*jws.JWSRegistry.recommended, 'PS256', 'ES384']
)


class Key:
    """A private key of an issuer, with the id that Kubernetes gives it.

    :param number: tells several RSA keys apart.
    """

    def __init__(self, algorithm='RS256', number=0):
        self.algorithm = algorithm
        if algorithm.startswith(('RS', 'PS')):
            self.private = assertions.rsa_key(number=number)
        else:
            self.private = assertions.new_key(algorithm)
        self.kid = _digest(self.private.public_key())
        # With an algorithm of its own, joserfc would refuse the wrong one.
        self._key = _TYPES[algorithm[:2]].import_key(
            self.private, {'use': 'sig', 'kid': self.kid}
        )

    @property
    def jwk(self):
        """The public key, as the issuer publishes it."""
        return {**self._key.as_dict(private=False), 'alg': self.algorithm}

    def sign(self, claims, header=None, algorithm=None):
        """Return a compact JWS.

        :param claims: an object, or octets.
        :param header: members to change; None leaves one out.
        """
        if not isinstance(claims, bytes):
            claims = json.dumps(claims).encode()
        members = {
            'alg': algorithm or self.algorithm,
            'kid': self.kid,
            **(header or {}),
        }
        return jws.serialize_compact(
            {name: one for name, one in members.items() if one is not None},
            claims,
            self._key,
            registry=_REGISTRY,
        )


class _Shared(Key):
    """A secret that signs with an HMAC."""

    def __init__(self, secret):
        self.algorithm = 'HS256'
        self.kid = None
        self._key = jwk.OctKey.import_key(secret)


def shared(secret):
    """Return a key that is a text."""
    return _Shared(secret)


def _digest(public_key):
    der = public_key.public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    digest = hashlib.sha256(der).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip('=')


class Issuer:
    """An OpenID issuer.

    :param id: in Keystone.
    :param issuer: its ``iss``.
    :param key: it signs with this one, by default an EC key.
    :cvar kind: in Keystone.
    :cvar lifetime: of its JWTs, in seconds.
    """

    kind = 'oidc'
    lifetime = 600

    def __init__(self, id, issuer, key=None):
        self.id = id
        self.issuer = issuer
        self.key = key or Key('ES256')

    @property
    def jwks(self):
        """Its key set."""
        return {'keys': [self.key.jwk]}

    def claims(self):
        """Return what it says of one of its subjects."""
        return {'sub': 'batch'}

    def assertion(self, header=None, algorithm=None, key=None, **changes):
        """Return a JWT for Keystone.

        :param header: members to change.
        :param key: that signs it.
        :param changes: of claims; None leaves one out.
        """
        now = int(time.time())
        claims = {
            'iss': self.issuer,
            'aud': tokens.ISSUER,
            'iat': now,
            'nbf': now,
            'exp': now + self.lifetime,
            'jti': str(uuid.uuid4()),
            **self.claims(),
            **changes,
        }
        return (key or self.key).sign(
            {name: one for name, one in claims.items() if one is not None},
            header,
            algorithm,
        )


class Kubernetes(Issuer):
    """A cluster with its projected tokens of service accounts.

    :param account: namespace and name of the service account.
    """

    kind = 'kubernetes'
    lifetime = 3607

    def __init__(self, id, issuer, key=None, account='apps:web'):
        super().__init__(id, issuer, key)
        self.account = account

    @property
    def subject(self):
        """Of the service account."""
        return f'system:serviceaccount:{self.account}'

    def claims(self):
        """Return the claims of the token of a pod."""
        namespace, _, name = self.account.partition(':')
        account = {'name': name, 'uid': '1f2a6c1e-93e5-4e4c-9d2c-5ab3c9e0f1d2'}
        return {
            'aud': [tokens.ISSUER],
            'sub': self.subject,
            'kubernetes.io': {
                'namespace': namespace,
                'node': {
                    'name': 'worker-1',
                    'uid': '0b3f5e0a-77e4-49c5-8d43-7c2f6a0f8a11',
                },
                'pod': {
                    'name': f'{name}-7d9c6f5b8-x2x4q',
                    'uid': 'f1c3c0d8-5d0e-4a76-b1d4-3a4f2f8f3a77',
                },
                'serviceaccount': account,
            },
        }


class GitHub(Issuer):
    """GitHub Actions."""

    kind = 'github'
    lifetime = 300

    def claims(self):
        """Return the claims of a job on the branch ``main``."""
        workflow = 'octo-org/octo-repo/.github/workflows/deploy.yml'
        return {
            'sub': 'repo:octo-org-1234/octo-repo-5678:environment:prod',
            'actor': 'octocat',
            'actor_id': '583231',
            'base_ref': '',
            'environment': 'prod',
            'event_name': 'push',
            'head_ref': '',
            'job_workflow_ref': f'{workflow}@refs/heads/main',
            'ref': 'refs/heads/main',
            'ref_protected': 'true',
            'ref_type': 'branch',
            'repository': 'octo-org/octo-repo',
            'repository_id': '5678',
            'repository_owner': 'octo-org',
            'repository_owner_id': '1234',
            'repository_visibility': 'private',
            'run_attempt': '2',
            'run_id': '9876543210',
            'run_number': '10',
            'runner_environment': 'github-hosted',
            'sha': 'd6fd0ce1ef2d8d8e4b6b2cdd51b5a3c7cdd1e0f1',
            'workflow': 'deploy',
            'workflow_ref': f'{workflow}@refs/heads/main',
        }


class GitLab(Issuer):
    """The jobs of a GitLab."""

    kind = 'gitlab'
    lifetime = 3600

    def claims(self):
        """Return the claims of a job on the branch ``main``."""
        path = 'my-group/my-project'
        return {
            'sub': f'project_path:{path}:ref_type:branch:ref:main',
            'ci_config_ref_uri': f'gitlab.example.com/{path}//'
            '.gitlab-ci.yml@refs/heads/main',
            'environment': 'production',
            'environment_protected': 'true',
            'job_id': '302',
            'namespace_id': '72',
            'namespace_path': 'my-group',
            'pipeline_id': '574',
            'pipeline_source': 'push',
            'project_id': '20',
            'project_path': path,
            'project_visibility': 'private',
            'ref': 'main',
            'ref_path': 'refs/heads/main',
            'ref_protected': 'true',
            'ref_type': 'branch',
            'runner_environment': 'self-hosted',
            'user_id': '1',
            'user_login': 'sample-user',
        }


class Spiffe(Issuer):
    """A trust domain, with the bundle that SPIRE publishes."""

    kind = 'spiffe'

    @property
    def jwks(self):
        """Its bundle: the keys have a use of their own, and no ``alg``."""
        key = {**self.key.jwk, 'use': 'jwt-svid'}
        del key['alg']
        return {
            'keys': [key],
            'spiffe_sequence': 1,
            'spiffe_refresh_hint': 300,
        }

    def claims(self):
        """Return the claims of a JWT-SVID: there are no others."""
        return {
            'iss': None,
            'jti': None,
            'nbf': None,
            'aud': [tokens.ISSUER],
            'sub': f'{self.issuer}/apps/web',
        }


_rows = []
CLUSTER_ISSUER = 'https://kubernetes.default.svc.cluster.local'


@functools.cache
def issuers():
    """Return some issuers by id; two clusters have the default ``iss``."""
    return {
        issuer.id: issuer
        for issuer in (
            Kubernetes('k8s', CLUSTER_ISSUER, Key(number=1)),
            Kubernetes('k8s-other', CLUSTER_ISSUER, Key(number=2)),
            GitHub(
                'github',
                'https://token.actions.githubusercontent.com',
                Key(number=3),
            ),
            GitLab('gitlab', 'https://gitlab.example.com', Key(number=4)),
            Issuer('idp', 'https://idp.example.com/realm'),
        )
    }


def manage(keystone, *commands):
    """Run commands of keystone-oauth2-manage, as an operator does.

    :param keystone: the fixture.
    :returns: what they have printed.
    """
    config = ['--config-file', f'{keystone.config_file}', '--log-file', '']
    done = subprocess.run(
        [
            *(sys.executable, '-W', 'ignore', '-c', _SCRIPT),
            json.dumps([[*config, *map(str, one)] for one in commands]),
        ],
        cwd=keystone.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def compact(keys):
    """Return a key set as it is stored.

    :param keys: public keys.
    """
    return json.dumps({'keys': keys})


def provide(keystone):
    """Register the issuers of :func:`issuers`.

    After the first time, which takes seconds, their rows are copied.
    """
    if not _rows:
        create(keystone, *issuers().values())
    path = keystone.folder / 'keystone.db'
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        if not _rows:
            _rows.extend(database.execute(f'SELECT * FROM {TABLE}'))
            return
        places = ', '.join('?' * len(_rows[0]))
        database.executemany(f'INSERT INTO {TABLE} VALUES ({places})', _rows)


def create(keystone, *registered):
    """Register issuers, with their keys in a file."""
    manage(
        keystone,
        *(
            creation(issuer, '--jwks-file', write_keys(keystone, issuer))
            for issuer in registered
        ),
    )


def creation(issuer, *options):
    """Return the command that registers an issuer."""
    return (
        'trusted_issuer_create',
        issuer.id,
        *('--kind', issuer.kind, '--issuer', issuer.issuer),
        *options,
    )


def write_keys(keystone, issuer):
    """Return a file with the key set of an issuer."""
    file = keystone.folder / f'{issuer.id}-jwks.json'
    file.write_text(json.dumps(issuer.jwks))
    return file
