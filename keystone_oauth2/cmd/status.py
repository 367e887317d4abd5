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

"""``keystone-oauth2-status upgrade check``."""

import collections.abc as abc
import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from keystone_oauth2.cmd import issuer_warnings
from keystone_oauth2.compose import options
from keystone_oauth2.compose import server
from keystone_oauth2.compose import token_format
from keystone_oauth2.conf import oauth2_tokens
from keystone_oauth2.conf import urls
from keystone_oauth2.db import migration
from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import configuration
from keystone_oauth2.identity import key_repository
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import method

_SUCCESS = upgradecheck.Code.SUCCESS
_WARNING = upgradecheck.Code.WARNING
_FAILURE = upgradecheck.Code.FAILURE
_Check = abc.Callable[..., upgradecheck.Result]
# How many of the checks read none of this package's options, or only report
# that one is invalid.
_FIRST = 3


class Checks(upgradecheck.UpgradeCommands):
    """Checks to run before and after an upgrade."""

    def check(self) -> upgradecheck.Code:
        """Run the checks; those that read options only if all are valid."""
        if self.check_options().code is _FAILURE:
            self._upgrade_checks = self._upgrade_checks[:_FIRST]
        return super().check()

    def check_options(self) -> upgradecheck.Result:
        """Check whether Keystone would start with these options."""
        try:
            server.assemble(cfg.CONF)
        except options.WrongConfiguration as error:
            return upgradecheck.Result(_FAILURE, str(error))
        return upgradecheck.Result(_SUCCESS)

    def check_methods(self) -> upgradecheck.Result:
        """Check whether existing Fernet tokens keep their meaning.

        They store methods as bits, by their position in ``[auth] methods``.
        """
        methods = cfg.CONF.auth.methods
        if client_token.CERTIFICATE_METHOD not in methods:
            return upgradecheck.Result(
                _WARNING,
                'keystone-oauth2 is not enabled: append oauth2_credential to '
                '[auth] methods.',
            )
        if methods[-1] != client_token.CERTIFICATE_METHOD:
            return upgradecheck.Result(
                _FAILURE,
                'oauth2_credential is not the last of [auth] methods: Fernet '
                'tokens issued before it was added are read with other '
                'methods. Move it to the end.',
            )
        return upgradecheck.Result(_SUCCESS)

    def check_tables(self) -> upgradecheck.Result:
        """Check whether the tables match this release."""
        try:
            migration.check()
        except migration.OutdatedTables as error:
            return upgradecheck.Result(_FAILURE, str(error))
        return upgradecheck.Result(_SUCCESS)

    def check_keys(self) -> upgradecheck.Result:
        """Check whether digests of secrets can be stored."""
        if not cfg.CONF.oauth2_secrets.digests:
            return upgradecheck.Result(
                _WARNING,
                '[oauth2_secrets] digests is disabled: each token request '
                'takes a slow hash.',
            )
        repository = key_repository.configured(cfg.CONF)
        if not repository.load():
            return upgradecheck.Result(
                _FAILURE,
                f'There are no usable keys in {repository.path}: run '
                f'keystone-manage credential_setup, or set '
                f'[oauth2_secrets] digest_key_repository.',
            )
        return upgradecheck.Result(_SUCCESS)

    def check_signing_keys(self) -> upgradecheck.Result:
        """Check whether JWT access tokens of all nodes are accepted.

        Introducing such tokens takes several steps on each node, and so does
        giving them up. A success says which of them has been taken here.
        """
        repository = token_format.repository(cfg.CONF)
        if repository is None:
            return upgradecheck.Result(
                _SUCCESS,
                'JWT access tokens are neither issued nor accepted here.',
            )
        if urls.issuer(cfg.CONF) is None:
            return upgradecheck.Result(
                _FAILURE,
                'JWT access tokens of other nodes are refused here: set '
                '[oauth2] issuer, as on every node.',
            )
        try:
            keys = repository.read()
        except signing_key_repository.Unusable as error:
            return upgradecheck.Result(
                _FAILURE,
                f'JWT access tokens of other nodes are refused here. {error}',
            )
        if keys.staged is None:
            return upgradecheck.Result(
                _WARNING,
                'There is no staged key, so that a key could not be replaced '
                'in time: run keystone-oauth2-manage signing_key_rotate.',
            )
        warning = _key_warning(repository, keys.staged, keys.signing[0])
        if warning is not None:
            return upgradecheck.Result(_WARNING, warning)
        return upgradecheck.Result(_SUCCESS, _format_and_age(keys.staged))

    def check_secrets_in_bodies(self) -> upgradecheck.Result:
        """Check whether clients of the in-tree API are refused.

        The default has both methods, so a list with only one was configured.
        """
        methods = server.enabled_methods(cfg.CONF)
        kinds = {method.evidence: method.name for method in methods}
        if evidence.Basic in kinds and evidence.PostedSecret not in kinds:
            return upgradecheck.Result(
                _WARNING,
                f'[oauth2] oauth2_authn_methods has '
                f'{kinds[evidence.Basic]}, but no method that reads secrets '
                f'in the body: clients that send them there, which '
                f"Keystone's in-tree API accepts, are refused. Add "
                f'client_secret_post, unless there are no such clients.',
            )
        return upgradecheck.Result(_SUCCESS)

    def check_certificates(self) -> upgradecheck.Result:
        """Check whether client certificates are verified."""
        methods = server.enabled_methods(cfg.CONF)
        if not any(
            method.Need.VERIFIED_CERTIFICATES in one.needs for one in methods
        ):
            return upgradecheck.Result(_SUCCESS)
        if not cfg.CONF.oauth2_certificates.ca_file:
            return upgradecheck.Result(
                _WARNING,
                'Keystone does not verify client certificates, since '
                '[oauth2_certificates] ca_file is not set: make sure that the '
                'front end verifies them and passes its verdict on. '
                'Certificates without a verdict are refused.',
            )
        return upgradecheck.Result(_SUCCESS)

    def check_tls(self) -> upgradecheck.Result:
        """Check whether clients are told to use TLS (RFC 6749, 3.2)."""
        endpoint = cfg.CONF.oauth2.issuer or cfg.CONF.public_endpoint
        if not (endpoint or '').startswith('https://'):
            return upgradecheck.Result(
                _WARNING,
                'Neither [oauth2] issuer nor [DEFAULT] public_endpoint is an '
                'https URL: there is no metadata, and clients are not told to '
                'use TLS, which OAuth 2.0 requires.',
            )
        return upgradecheck.Result(_SUCCESS)

    def check_limits(self) -> upgradecheck.Result:
        """Check whether guessing secrets is limited (RFC 6749, 2.3.1)."""
        warnings = list(
            failures.warnings(
                cfg.CONF.oauth2_limits.client_failures,
                cfg.CONF.oauth2.trusted_proxies,
            )
        )
        if warnings:
            return upgradecheck.Result(_WARNING, ' '.join(warnings))
        return upgradecheck.Result(_SUCCESS)

    def check_trusted_issuers(self) -> upgradecheck.Result:
        """Check whether JWTs of each trusted issuer are accepted."""
        try:
            migration.check()
        except migration.OutdatedTables:
            # Another check says so.
            return upgradecheck.Result(_SUCCESS)
        warnings = issuer_warnings.warnings()
        if warnings:
            return upgradecheck.Result(_WARNING, ' '.join(warnings))
        return upgradecheck.Result(_SUCCESS)

    _upgrade_checks: tuple[tuple[str, _Check], ...] = (
        ('Options', check_options),
        ('[auth] methods', check_methods),
        ('Tables', check_tables),
        ('Keys for digests of secrets', check_keys),
        ('Keys for JWT access tokens', check_signing_keys),
        ('Secrets in the body', check_secrets_in_bodies),
        ('Client certificates', check_certificates),
        ('TLS', check_tls),
        ('Failure limits', check_limits),
        ('Trusted issuers', check_trusted_issuers),
    )


def _key_warning(
    repository: signing_key_repository.SigningKeyRepository,
    staged: signing_keys.SigningKey,
    active: signing_keys.SigningKey,
) -> str | None:
    if staged.kid == active.kid:
        return (
            'A rotation was interrupted: run keystone-oauth2-manage '
            'signing_key_rotate again, and distribute the keys to all nodes.'
        )
    foreign = repository.foreign_files()
    if foreign:
        return (
            f'{foreign[0]} belongs to another user than its directory, so '
            f'that Keystone may be unable to read it: run chown.'
        )
    return None


def _format_and_age(staged: signing_keys.SigningKey) -> str:
    sentence = (
        'JWT access tokens are accepted here, but not issued.'
        if cfg.CONF.oauth2_tokens.format == oauth2_tokens.OPAQUE
        else 'JWT access tokens are issued here: every node must accept them.'
    )
    wait = signing_key_repository.seconds_until_known(staged)
    if wait > 0:
        sentence += f' The keys can be rotated in {wait} seconds.'
    return sentence


def main() -> int:
    """Run the command line."""
    return upgradecheck.main(
        configuration.prepare(), 'keystone', Checks(), sys.argv[1:]
    )
