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

"""Options that say which workloads may use a client."""

import argparse
import collections.abc as abc

from osc_lib import exceptions

from keystone_oauth2.osc import conditions
from keystone_oauth2.osc import github
from keystone_oauth2.protocol.federation import trusted_issuer

# Options of which one can be given, and the kind of issuer that each needs.
_KINDS = {
    'kubernetes': trusted_issuer.KUBERNETES,
    'github': trusted_issuer.GITHUB,
    'github_repository_id': trusted_issuer.GITHUB,
    'gitlab_project_id': trusted_issuer.GITLAB,
    'spiffe_id': trusted_issuer.SPIFFE,
}
_WITH_JOBS = (trusted_issuer.GITHUB, trusted_issuer.GITLAB)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all of them to the parser of a command."""
    _add_workloads(parser)
    _add_jobs(parser)
    parser.add_argument(
        '--claim',
        metavar='<name=value>',
        type=conditions.claim,
        action='append',
        dest='claims',
        default=[],
        help=(
            'Claim that JWTs must have, with exactly this text as its value; '
            '<name:=value> for an integer, true or false. A name that begins '
            'with a slash is a JSON Pointer to a nested claim, such as '
            '/kubernetes.io/serviceaccount/uid (repeat option for other '
            'claims, which must all be fulfilled, or with the same name for '
            'any of several values)'
        ),
    )
    parser.add_argument(
        '--issuer',
        metavar='<issuer-id>',
        help=(
            'Trusted issuer of the JWTs (ID only; default: the only one that '
            'is enabled and fits the workload)'
        ),
    )


def kind(parsed_args: argparse.Namespace) -> str | None:
    """Return the kind of issuer that the options need, if they name one.

    :raises exceptions.CommandError: some options do not fit each other.
    """
    given = vars(parsed_args)
    found = next(
        (_KINDS[name] for name in _KINDS if given[name] is not None), None
    )
    for is_wrong, sentence in (
        (
            found is None and not (parsed_args.subject or parsed_args.claims),
            'The workload is missing: give --kubernetes, --github, '
            '--gitlab-project-id, --spiffe-id, --subject or --claim.',
        ),
        (
            found is None and parsed_args.issuer is None,
            '--subject and --claim need --issuer.',
        ),
        (
            found not in _WITH_JOBS
            and (parsed_args.environments or parsed_args.branches),
            '--environment and --branch can only be used for GitHub and '
            'GitLab.',
        ),
        (
            (parsed_args.github_repository_id is None)
            != (parsed_args.github_owner_id is None),
            '--github-repository-id and --github-owner-id need each other.',
        ),
        (
            parsed_args.github is None and parsed_args.github_api is not None,
            '--github-api can only be used with --github.',
        ),
    ):
        if is_wrong:
            raise exceptions.CommandError(sentence)
    return found


def issuer(parsed_args: argparse.Namespace) -> str | None:
    """Return the only ``iss`` that the options allow, if they say so."""
    if parsed_args.spiffe_id is None:
        return None
    return conditions.spiffe_issuer(parsed_args.spiffe_id)


def subject(parsed_args: argparse.Namespace) -> str | None:
    """Return the subject that JWTs must have, if any."""
    given = (
        parsed_args.kubernetes,
        parsed_args.spiffe_id,
        parsed_args.subject,
    )
    return next((text for text in given if text is not None), None)


def claims(
    parsed_args: argparse.Namespace, jwt_issuer: str
) -> conditions.Claims:
    """Return the claims that JWTs must have, by their names.

    GitHub is asked for the ids of a repository.

    :param jwt_issuer: their ``iss``.
    :raises exceptions.CommandError: GitHub does not tell, or two options are
        about one claim.
    """
    implied = [
        *_repository(parsed_args, jwt_issuer),
        *_project(parsed_args),
        *_job(parsed_args),
    ]
    names = {name for name, _ in implied}
    for name, _ in parsed_args.claims:
        if name in names:
            raise exceptions.CommandError(
                f'Another option is about the claim {name} already.'
            )
    return conditions.join([*implied, *parsed_args.claims])


def _repository(
    parsed_args: argparse.Namespace, jwt_issuer: str
) -> list[tuple[str, conditions.Value]]:
    ids = parsed_args.github_repository_id, parsed_args.github_owner_id
    if parsed_args.github is not None:
        api = parsed_args.github_api or github.API
        github.check_api(api, jwt_issuer)
        ids = github.find(api, parsed_args.github)
    if ids[0] is None:
        return []
    # Not the subject: its form depends on the age of the repository.
    names = 'repository_id', 'repository_owner_id'
    return list(zip(names, ids, strict=True))


def _project(
    parsed_args: argparse.Namespace,
) -> list[tuple[str, conditions.Value]]:
    if parsed_args.gitlab_project_id is None:
        return []
    return [('project_id', parsed_args.gitlab_project_id)]


def _job(
    parsed_args: argparse.Namespace,
) -> abc.Iterator[tuple[str, conditions.Value]]:
    for environment in parsed_args.environments:
        yield 'environment', environment
    # GitLab calls a tag and a branch by their names alone.
    is_gitlab = parsed_args.gitlab_project_id is not None
    if is_gitlab and parsed_args.branches:
        yield 'ref_type', 'branch'
    for branch in parsed_args.branches:
        yield 'ref', branch if is_gitlab else f'refs/heads/{branch}'


def _add_workloads(parser: argparse.ArgumentParser) -> None:
    workload = parser.add_mutually_exclusive_group()
    workload.add_argument(
        '--kubernetes',
        metavar='<namespace:service-account>',
        type=conditions.service_account,
        help='Pods with this service account of a Kubernetes cluster',
    )
    workload.add_argument(
        '--github',
        metavar='<owner/repository>',
        type=github.repository,
        help=(
            f'Workflows of this repository of GitHub. GitHub is asked for its '
            f'ID and that of its owner, which are bound instead of the names; '
            f'for a private repository, set {github.TOKEN} in the environment'
        ),
    )
    workload.add_argument(
        '--github-repository-id',
        metavar='<number>',
        type=conditions.number,
        help=(
            'Workflows of the repository of GitHub with this ID; GitHub is '
            'not asked (needs --github-owner-id)'
        ),
    )
    workload.add_argument(
        '--gitlab-project-id',
        metavar='<number>',
        type=conditions.number,
        help='Jobs of the project of GitLab with this ID',
    )
    workload.add_argument(
        '--spiffe-id',
        metavar='<spiffe-id>',
        type=conditions.spiffe_id,
        help=(
            'Workloads with this SPIFFE ID; /* at its end stands for one or '
            'more segments'
        ),
    )
    workload.add_argument(
        '--subject',
        metavar='<subject>',
        type=conditions.nonempty,
        help='Workloads whose JWTs have this subject (needs --issuer)',
    )


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--github-owner-id',
        metavar='<number>',
        type=conditions.number,
        help='ID of the user or organization that owns the repository',
    )
    parser.add_argument(
        '--github-api',
        metavar='<url>',
        type=github.api,
        help=(
            f'API of a GitHub Enterprise Server, such as '
            f'https://github.example.com/api/v3; also gets {github.TOKEN} '
            f'(default: {github.API})'
        ),
    )
    parser.add_argument(
        '--environment',
        metavar='<environment>',
        type=conditions.nonempty,
        action='append',
        dest='environments',
        default=[],
        help=(
            'Only jobs for this environment of GitHub or GitLab (repeat '
            'option for any of several)'
        ),
    )
    parser.add_argument(
        '--branch',
        metavar='<branch>',
        type=conditions.branch,
        action='append',
        dest='branches',
        default=[],
        help=('Only jobs for this branch (repeat option for any of several)'),
    )
