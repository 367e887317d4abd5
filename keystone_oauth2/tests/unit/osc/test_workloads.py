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


import argparse
import contextlib
import io
import shlex

from osc_lib import exceptions

from keystone_oauth2.osc import workloads
from keystone_oauth2.tests import base

IDS = '--github-repository-id 12 --github-owner-id 3'
PROJECT = '--gitlab-project-id 4711'


def parse(text):
    parser = argparse.ArgumentParser()
    workloads.add_options(parser)
    return parser.parse_args(shlex.split(text))


class WorkloadTest(base.TestCase):
    def test_conditions(self):
        account = 'system:serviceaccount:backup:uploader'
        uid = '/kubernetes.io/serviceaccount/uid'
        repository = {'repository_id': '12', 'repository_owner_id': '3'}
        for text, kind, subject, claims in (
            ('--kubernetes backup:uploader', 'kubernetes', account, {}),
            (
                f'--kubernetes backup:uploader --claim {uid}=a1',
                'kubernetes',
                account,
                {uid: 'a1'},
            ),
            (IDS, 'github', None, repository),
            (
                f'{IDS} --environment prod --branch main',
                'github',
                None,
                {
                    **repository,
                    'environment': 'prod',
                    'ref': 'refs/heads/main',
                },
            ),
            (
                f'{IDS} --branch main --branch dev --claim event_name=push',
                'github',
                None,
                {
                    **repository,
                    'ref': ['refs/heads/main', 'refs/heads/dev'],
                    'event_name': 'push',
                },
            ),
            (PROJECT, 'gitlab', None, {'project_id': '4711'}),
            (
                f'{PROJECT} --environment a --environment b --branch main',
                'gitlab',
                None,
                {
                    'project_id': '4711',
                    'environment': ['a', 'b'],
                    'ref': 'main',
                    'ref_type': 'branch',
                },
            ),
            (
                '--spiffe-id spiffe://example.org/a/*',
                'spiffe',
                'spiffe://example.org/a/*',
                {},
            ),
            ('--subject a --issuer x', None, 'a', {}),
            (
                '--claim a=1 --claim a:=1 --claim b=2 --issuer x',
                None,
                None,
                {'a': ['1', 1], 'b': '2'},
            ),
        ):
            with self.variant(text):
                given = parse(text)
                self.assertEqual(kind, workloads.kind(given))
                self.assertEqual(subject, workloads.subject(given))
                self.assertEqual(claims, workloads.claims(given, ''))

    def test_only_a_spiffe_id_says_which_issuer(self):
        given = parse('--spiffe-id spiffe://example.org/a')
        self.assertEqual('spiffe://example.org', workloads.issuer(given))
        self.assertIsNone(workloads.issuer(parse(IDS)))

    def test_options_that_do_not_fit_are_refused(self):
        jobs = (
            '--environment and --branch can only be used for GitHub and '
            'GitLab.'
        )
        pair = '--github-repository-id and --github-owner-id need each other.'
        for text, message in (
            (
                '--issuer x',
                'The workload is missing: give --kubernetes, --github, '
                '--gitlab-project-id, --spiffe-id, --subject or --claim.',
            ),
            ('--subject a', '--subject and --claim need --issuer.'),
            ('--claim a=b', '--subject and --claim need --issuer.'),
            ('--kubernetes a:b --environment c', jobs),
            ('--subject a --issuer x --branch c', jobs),
            ('--github-repository-id 12', pair),
            ('--github a/b --github-owner-id 3', pair),
            (
                f'{IDS} --github-api https://github.example.com',
                '--github-api can only be used with --github.',
            ),
        ):
            with self.variant(text):
                error = self.assert_raises(
                    exceptions.CommandError, workloads.kind, parse(text)
                )
                self.assertEqual(message, str(error))

    def test_claim_of_another_option_is_refused(self):
        """Any of both would be more than the other option says."""
        for text, name in (
            (IDS, 'repository_id'),
            (f'{IDS} --environment prod', 'environment'),
            (f'{PROJECT} --branch main', 'ref_type'),
        ):
            with self.variant(text):
                given = parse(f'{text} --claim {name}=other')
                error = self.assert_raises(
                    exceptions.CommandError, workloads.claims, given, ''
                )
                self.assertIn(f' {name} ', str(error))

    def test_one_workload_is_given(self):
        for text in (
            '--kubernetes a:b --github a/b',
            f'--github a/b {IDS}',
            '--spiffe-id spiffe://example.org/a --subject a',
        ):
            with self.variant(text):
                err = io.StringIO()
                with contextlib.redirect_stderr(err):
                    self.assert_raises(SystemExit, parse, text)
                self.assertIn('not allowed with argument', err.getvalue())
