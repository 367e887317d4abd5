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


import pathlib

from oslo_serialization import jsonutils

from keystone_oauth2.osc import github
from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration.osc import base
from keystone_oauth2.tests.integration.osc import github_api
from keystone_oauth2.tests.integration.osc import issuers
from keystone_oauth2.tests.support import assertions

CREATE = 'oauth2 client federated identity create'
DELETE = 'oauth2 client federated identity delete'
LIST = 'oauth2 client federated identity list'
SHOW = 'oauth2 client federated identity show'
TEST = 'oauth2 client federated identity test'

CLUSTER = 'https://cluster.example.com'
GITHUB = 'https://github.example.com/_services/token'
GITLAB = 'https://gitlab.com'
SPIFFE = 'spiffe://example.org'
OIDC = 'https://issuer.example.com'
NAME = 'example/website'
SECRET = 'ghp_0123456789'
ACCOUNT = 'system:serviceaccount:backup:uploader'
ANY_JOB = (
    'Each job of the repository can use the client, on any branch: bind '
    'environment or ref.'
)
IDS = {'repository_id': '123456', 'repository_owner_id': '7890'}


class FederationTestCase(base.CommandTestCase):
    """A Keystone that trusts an issuer of each kind."""

    options = {
        'oauth2': {
            **base.OPTIONS['oauth2'],
            'oauth2_authn_methods': [
                *authorization_server.METHODS,
                'federated_jwt',
                'spiffe_jwt',
            ],
        },
        'oauth2_assertions': {'spiffe_draft': True},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issuers = {
            kind: issuers.Issuer(issuer, base.ISSUER)
            for kind, issuer in (
                ('kubernetes', CLUSTER),
                ('github', GITHUB),
                ('gitlab', GITLAB),
                ('spiffe', SPIFFE),
                ('oidc', OIDC),
            )
        }
        for kind, issuer in cls.issuers.items():
            issuer.trust(cls.keystone, f'my-{kind}', kind)

    def create(self, *words, **how):
        """Register a federated identity, and return what is shown."""
        return self.shown(CREATE, self.own.id, *words, **how)

    def authenticate(self, kind, subject, **claims):
        """Return the status of a token request of a workload."""
        return self.get_token(
            self.own,
            client_assertion_type=assertions.TYPE,
            client_assertion=self.issuers[kind].jwt(subject, **claims),
        ).status


class CreateTest(FederationTestCase):
    def assert_created(self, expected, *words):
        created = self.create(*words)
        self.assertEqual(
            expected,
            [
                created[name]
                for name in ('issuer_id', 'issuer', 'subject', 'claims')
            ],
        )
        self.assertEqual([], created['warnings'])

    def test_service_account(self):
        uid = '/kubernetes.io/serviceaccount/uid'
        self.assert_created(
            ['my-kubernetes', CLUSTER, ACCOUNT, {uid: 'a1'}],
            f'--kubernetes backup:uploader --claim {uid}=a1',
        )
        for found, status in (('a1', 200), ('a2', 401)):
            claims = {'kubernetes.io': {'serviceaccount': {'uid': found}}}
            self.assertEqual(
                status, self.authenticate('kubernetes', ACCOUNT, **claims)
            )

    def test_repository_by_its_ids(self):
        self.assert_created(
            [
                'my-github',
                GITHUB,
                None,
                {**IDS, 'environment': 'a', 'ref': 'refs/heads/main'},
            ],
            '--github-repository-id 123456 --github-owner-id 7890',
            '--environment a --branch main',
        )

    def test_project_of_gitlab(self):
        claims = {
            'project_id': '4711',
            'ref': ['main', 'stable'],
            'ref_type': 'branch',
        }
        self.assert_created(
            ['my-gitlab', GITLAB, None, claims],
            '--gitlab-project-id 4711 --branch stable --branch main',
        )
        sent = {**claims, 'ref': 'main', 'pipeline_source': 'push'}
        self.assertEqual(200, self.authenticate('gitlab', 'a', **sent))
        sent['ref_type'] = 'tag'
        self.assertEqual(401, self.authenticate('gitlab', 'a', **sent))

    def test_spiffe_id(self):
        self.assert_created(
            ['my-spiffe', SPIFFE, f'{SPIFFE}/backup', {}],
            f'--spiffe-id {SPIFFE}/backup',
        )
        self.fail_with(
            'There is no enabled trusted issuer of the kind spiffe for '
            'spiffe://example.net; --issuer can name one of: my-github, '
            'my-gitlab, my-kubernetes, my-oidc, my-spiffe.',
            CREATE,
            self.own.id,
            '--spiffe-id spiffe://example.net/backup',
        )

    def test_claims_of_another_issuer(self):
        self.assert_created(
            [
                'my-oidc',
                OIDC,
                'backup',
                {'team': ['archive', 'storage'], 'level': 3, 'ok': True},
            ],
            '--issuer my-oidc --subject backup --claim team=storage',
            '--claim team=archive --claim level:=3 --claim ok:=true',
        )
        sent = {'team': 'archive', 'level': 3, 'ok': True}
        self.assertEqual(200, self.authenticate('oidc', 'backup', **sent))
        for changed in ({'level': '3'}, {'ok': 'true'}, {'team': 'other'}):
            with self.variant(changed):
                claims = {**sent, **changed}
                self.assertEqual(
                    401, self.authenticate('oidc', 'backup', **claims)
                )

    def test_common_members(self):
        created = self.create(
            '--kubernetes a:b --description nightly',
            '--expires-at 2099-01-01T00:00:00Z',
        )
        self.assertEqual('nightly', created['description'])
        self.assertIn('2099-01-01', created['expires_at'])

    def test_table_has_a_condition_a_line(self):
        out = self.succeed(
            CREATE,
            self.own.id,
            '--issuer my-oidc --subject backup --claim level:=3',
            '--claim team=a --claim team=b --claim ok=true',
        )
        for text in ('level = 3 ', 'team = "a" or "b" ', 'ok = "true" '):
            self.assertRegex(out, rf'(?m)^\|[^|]*\| {text} *\|$')

    def test_refusal_of_the_server_is_shown(self):
        done = self.run_command(
            CREATE, self.own.id, '--issuer my-oidc --claim team=a'
        )
        self.assertEqual((1, ''), (done.status, done.out))
        self.assertIn('It must have a subject.', done.err)
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_unclear_conditions_are_refused(self):
        self.fail_with(
            '--subject and --claim need --issuer.',
            CREATE,
            self.own.id,
            '--subject a',
        )
        self.refuse(
            "argument --gitlab-project-id: 'a/b' is not a numeric ID",
            CREATE,
            self.own.id,
            '--gitlab-project-id a/b',
        )

    def test_warnings_are_shown(self):
        done = self.run_command(
            CREATE, self.own.id, '--gitlab-project-id 4711 -f json'
        )
        self.assertEqual((0, ANY_JOB), (done.status, done.err.strip()))
        created = jsonutils.loads(done.out)
        self.assertEqual([ANY_JOB], created['warnings'])
        shown = self.shown(SHOW, self.own.id, created['id'])
        self.assertEqual(created, shown)


class GitHubTest(FederationTestCase):
    def setUp(self):
        super().setUp()
        self.api = self.useFixture(
            github_api.GitHubAPI(self.keystone.authority)
        )
        self.api.answer_repository(NAME, 123456, 7890)

    def run_command(self, *arguments, **how):
        """Run it where the CA of the API is trusted."""
        environment = {
            'REQUESTS_CA_BUNDLE': str(self.keystone.ca_file),
            github.TOKEN: SECRET,
        }
        return super().run_command(*arguments, environment=environment, **how)

    def test_ids_are_bound(self):
        created = self.create(
            f'--github {NAME} --environment a --github-api {self.api.url}/'
        )
        self.assertEqual({**IDS, 'environment': 'a'}, created['claims'])
        self.assertIsNone(created['subject'])
        workflow = {
            'event_name': 'push',
            'ref': 'refs/heads/main',
            'workflow_ref': 'a',
            'job_workflow_ref': 'a',
        }
        for owner, status in (('7890', 200), ('1', 401)):
            claims = {
                **IDS,
                'repository_owner_id': owner,
                'environment': 'a',
                **workflow,
            }
            self.assertEqual(
                status, self.authenticate('github', 'repo:a/b:c', **claims)
            )

    def test_token_does_not_get_into_the_log(self):
        words = f'--github {NAME} --github-api {self.api.url}'
        for status in (200, 404):
            with self.variant(status):
                done = self.run_command('--debug', CREATE, self.own.id, words)
                self.assertNotIn(SECRET, done.out + done.err)
                _, fields = self.api.requests[-1]
                self.assertEqual(f'Bearer {SECRET}', fields['Authorization'])
                self.api.answer(404)

    def test_nothing_is_registered_without_ids(self):
        self.api.answer(301, Location=f'{self.api.url}/repositories/1')
        self.fail_with(
            f'The repository {NAME} has been renamed or moved: give its '
            f'present name.',
            CREATE,
            self.own.id,
            f'--github {NAME} --github-api {self.api.url}',
        )
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_repository_of_github_com_is_none_of_this_server(self):
        """Its number is that of another repository there."""
        self.fail_with(
            f'https://api.github.com is not the API of the server with the '
            f'issuer {GITHUB}: choose another one with --github-api, or '
            f'another issuer with --issuer.',
            CREATE,
            self.own.id,
            f'--github {NAME}',
        )


class FederatedIdentityTest(FederationTestCase):
    def setUp(self):
        super().setUp()
        self.file = pathlib.Path(self.folder, 'jwt')

    def run_test(self, jwt, *words):
        """Test a JWT in a file."""
        self.file.write_text(f'{jwt}\n')
        return self.run_command(TEST, self.own.id, f'{self.file}', *words)

    def test_identities_are_listed(self):
        created = self.create('--kubernetes backup:uploader --claim a=b')
        (row,) = self.shown(LIST, self.own.id)
        self.assertEqual(
            [created['id'], 'my-kubernetes', ACCOUNT, {'a': 'b'}],
            [row[name] for name in ('ID', 'Issuer ID', 'Subject', 'Claims')],
        )
        (row,) = self.shown(LIST, '--long', self.own.id)
        self.assertEqual(
            [CLUSTER, False], [row['Issuer'], row['Expires Soon']]
        )
        self.assertEqual(created, self.shown(SHOW, self.own.id, created['id']))

    def test_client_has_its_identities(self):
        created = self.create('--kubernetes backup:uploader')
        out = self.succeed('oauth2 client show', self.own.id)
        self.assertRegex(out, rf'federated_identities +\| {created["id"]} ')
        shown = self.shown('oauth2 client show', self.own.id)
        (found,) = shown['federated_identities']
        self.assertEqual(ACCOUNT, found['subject'])

    def test_identity_is_deleted(self):
        created = self.create('--kubernetes backup:uploader')
        self.assertEqual(200, self.authenticate('kubernetes', ACCOUNT))
        done = self.run_command(DELETE, self.own.id, 'unknown', created['id'])
        self.assertEqual(1, done.status)
        self.assertIn(
            "Failed to delete federated identity with ID 'unknown'", done.err
        )
        self.assertIn(
            '1 of 2 federated identities failed to delete.', done.err
        )
        self.assertEqual(401, self.authenticate('kubernetes', ACCOUNT))
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_jwt_that_is_accepted(self):
        created = self.create('--gitlab-project-id 4711 --branch main')
        jwt = self.issuers['gitlab'].jwt(
            'a',
            project_id='4711',
            ref='main',
            ref_type='branch',
            pipeline_source='push',
        )
        expected = {
            'id': created['id'],
            'issuer_id': 'my-gitlab',
            'is_matching': True,
            'reason': None,
        }
        # A JWT of GitLab can be used only once, but is not used here.
        for _ in range(2):
            done = self.run_test(jwt, '-f json')
            self.assertEqual((0, ''), (done.status, done.err))
            self.assertEqual(
                {
                    'is_accepted': True,
                    'reason': None,
                    'federated_identities': [expected],
                },
                jsonutils.loads(done.out),
            )
        done = self.run_command(TEST, self.own.id, '-', stdin=jwt)
        self.assertEqual(0, done.status)
        self.assertIn(f'{created["id"]} (my-gitlab): matches', done.out)

    def test_condition_that_is_not_fulfilled_is_shown(self):
        first = self.create('--kubernetes backup:uploader')
        second = self.create('--issuer my-oidc --subject a --claim b=c')
        done = self.run_test(self.issuers['oidc'].jwt('a', b='\x1b[2J'))
        self.assertEqual((1, ''), (done.status, done.err))
        self.assertNotIn('\x1b', done.out)
        for text in (
            'no federated identity of the client matches',
            f'{first["id"]} (my-kubernetes): it is of another issuer',
            f'{second["id"]} (my-oidc): b is "\\u001b[2J"',
        ):
            self.assertIn(text, done.out)

    def test_jwt_of_nobody(self):
        stranger = issuers.Issuer('https://evil.example', base.ISSUER)
        for jwt in (stranger.jwt('a'), 'a.b.c'):
            with self.variant(jwt):
                done = self.run_test(jwt, '-f json')
                self.assertEqual((1, ''), (done.status, done.err))
                shown = jsonutils.loads(done.out)
                self.assertIs(False, shown['is_accepted'])
                self.assertTrue(shown['reason'])
                self.assertEqual([], shown['federated_identities'])

    def test_jwt_does_not_get_into_the_log(self):
        jwt = self.issuers['oidc'].jwt('a')
        self.file.write_text(jwt)
        for argument in (self.file, '-'):
            with self.variant(argument):
                done = self.run_command(
                    '--debug', TEST, self.own.id, f'{argument}', stdin=jwt
                )
                self.assertEqual(1, done.status)
                for part in jwt.split('.'):
                    self.assertNotIn(part, done.out + done.err)

    def test_file_must_have_one_token(self):
        missing = f'{self.folder}/missing'
        self.fail_with(
            'The file of <jwt-file> cannot be read: No such file or '
            'directory.',
            TEST,
            self.own.id,
            missing,
        )
        self.fail_with(
            'There must be exactly one token.', TEST, self.own.id, '-'
        )

    def test_client_of_another_user(self):
        self.file.write_text(self.issuers['oidc'].jwt('a'))
        for words in (
            f'{LIST} {self.own.id}',
            f'{TEST} {self.own.id} {self.file}',
            f'{CREATE} {self.own.id} --kubernetes a:b',
        ):
            with self.variant(words):
                done = self.run_command(words, cloud='service')
                self.assertEqual((1, ''), (done.status, done.out))
                self.assertIn('(HTTP 403)', done.err)


class TrustedIssuerTest(FederationTestCase):
    def test_issuers_are_listed(self):
        rows = self.shown('oauth2 trusted issuer list', cloud='service')
        self.assertEqual(
            [
                'my-github',
                'my-gitlab',
                'my-kubernetes',
                'my-oidc',
                'my-spiffe',
            ],
            [row['ID'] for row in rows],
        )
        self.assertEqual(
            {
                'ID': 'my-github',
                'Kind': 'github',
                'Issuer': GITHUB,
                'Enabled': True,
            },
            rows[0],
        )
        (row, *_) = self.shown('oauth2 trusted issuer list --long')
        self.assertEqual(
            {
                'Audience': None,
                'Algorithms': ['ES256'],
                'Max Lifetime': 900,
                'Once': True,
                'Required Claims': ['repository_id', 'repository_owner_id'],
            },
            {name: row[name] for name in row.keys() - rows[0].keys()},
        )
