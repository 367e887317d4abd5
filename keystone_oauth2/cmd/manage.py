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

"""``keystone-oauth2-manage``: maintenance commands for operators.

It reads the same configuration files as Keystone.
"""

import collections.abc as abc
import datetime
import logging
import os
import sys
import typing as ty

from oslo_config import cfg
from oslo_utils import timeutils
import prettytable

from keystone_oauth2.cmd import gauges
from keystone_oauth2.cmd import issuer_arguments
from keystone_oauth2.cmd import trusted_issuers
from keystone_oauth2.compose import options
from keystone_oauth2.db import certificates
from keystone_oauth2.db import clients
from keystone_oauth2.db import migration
from keystone_oauth2.db import registrations
from keystone_oauth2.db import replay
from keystone_oauth2.db import revocation_events
from keystone_oauth2.identity import application_credentials
from keystone_oauth2.identity import configuration
from keystone_oauth2.identity import key_repository
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.protocol.clients import secret_digest


def db_sync() -> int:
    """Create or upgrade the tables of keystone-oauth2."""
    if not migration.has_keystones_tables():
        return _fail(
            "Keystone's tables are missing: run keystone-manage db_sync."
        )
    migration.sync()
    return 0


def db_version() -> int:
    """Print the version of the tables; exit with 1 if they are outdated."""
    print(migration.current_version() or 'none')
    try:
        migration.check()
    except migration.OutdatedTables:
        return 1
    return 0


def purge() -> int:
    """Delete what has expired, and unused digests."""
    migration.check()
    # A token may outlive the certificate that it is bound to.
    longest = datetime.timedelta(seconds=cfg.CONF.token.expiration)
    purged = certificates.purge(timeutils.utcnow() - longest)
    length = application_credentials.hashed_length()
    masters = key_repository.configured(cfg.CONF).load()
    key_ids = [secret_digest.derive(key, length).id for key in masters]
    print(
        f'{purged} certificates, {clients.purge(key_ids)} digests, '
        f'{registrations.purge()} authenticators, '
        f'{replay.purge()} assertions, '
        f'{revocation_events.purge()} revocation events'
    )
    return 0


def list_expiring() -> int:
    """List the authenticators of clients that expire soon.

    A notification is also emitted for each, and their numbers are sent to
    StatsD, so that running this once a day is enough.
    """
    migration.check()
    # Before notifications, which would be emitted again after a failure.
    report = gauges.Gauges(cfg.CONF)
    seconds = cfg.CONF.oauth2_clients.authenticator_expiry_warning
    end = timeutils.utcnow() + datetime.timedelta(seconds=seconds)
    table = prettytable.PrettyTable(
        ['Expires at', 'Client', 'Kind', 'Id', 'Last used at']
    )
    found = registrations.expiring(end)
    for item in found:
        used = item.last_used_at and item.last_used_at.replace(microsecond=0)
        table.add_row(
            [
                item.expires_at,
                item.client_id,
                item.kind,
                item.id,
                used or 'never',
            ]
        )
        notify.notify_expiring(item.kind, item.id, item.client_id)
    print(table)
    report.send(found)
    return 0


def signing_key_setup() -> int:
    """Create the keys that sign JWT access tokens, if there are none."""
    command = cfg.CONF.command
    is_new = _signing_keys().set_up(
        cfg.CONF.oauth2_tokens.signing_algorithm,
        command.keystone_user,
        command.keystone_group,
    )
    if not is_new:
        print('There are keys already; nothing was changed.')
    return 0


def signing_key_rotate() -> int:
    """Sign JWT access tokens with the next key, and create another one."""
    repository = _signing_keys()
    algorithm = cfg.CONF.oauth2_tokens.signing_algorithm
    if cfg.CONF.command.emergency:
        repository.replace_all(algorithm)
        print('Distribute the keys to all nodes now.')
        return 0
    repository.rotate(algorithm, signing_key_repository.keep_seconds(cfg.CONF))
    return 0


def _signing_keys() -> signing_key_repository.SigningKeyRepository:
    return signing_key_repository.configured(cfg.CONF)


_COMMANDS: dict[str, abc.Callable[[], int]] = {
    command.__name__: command
    for command in (
        db_sync,
        db_version,
        list_expiring,
        purge,
        signing_key_rotate,
        signing_key_setup,
        *trusted_issuers.COMMANDS,
    )
}


def main(arguments: abc.Sequence[str] | None = None) -> int:
    """Run a command.

    :param arguments: of the command line.
    :returns: the exit status.
    """
    option = cfg.SubCommandOpt(
        'command',
        title='Commands',
        handler=_add_commands,
    )
    configuration.load(
        sys.argv[1:] if arguments is None else arguments, option
    )
    # Its log lines would mix with output that a script reads.
    logging.getLogger('alembic').setLevel(logging.WARNING)
    try:
        status: int = cfg.CONF.command.function()
    except (
        issuer_arguments.Mistake,
        migration.OutdatedTables,
        options.WrongConfiguration,
        signing_key_repository.Unusable,
    ) as error:
        return _fail(str(error))
    return status


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _add_commands(subparsers: ty.Any) -> None:
    parsers = {}
    for name, command in _COMMANDS.items():
        summary = (command.__doc__ or '').partition('\n')[0]
        parsers[name] = subparsers.add_parser(name, help=summary)
        parsers[name].set_defaults(function=command)
    for option in ('user', 'group'):
        parsers['signing_key_setup'].add_argument(
            f'--keystone-{option}',
            required=os.geteuid() == 0,
            help=f'the {option} that Keystone runs as, and owns the keys',
        )
    parsers['signing_key_rotate'].add_argument(
        '--emergency',
        action='store_true',
        help='a key was stolen or lost: replace all, and refuse all tokens',
    )
    issuer_arguments.add(parsers)
