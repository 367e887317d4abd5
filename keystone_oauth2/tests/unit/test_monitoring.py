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

"""The files in contrib/monitoring fit together, and to what is sent."""

import itertools
import json
import re

import yaml

from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import statsd_exporter
from keystone_oauth2.tests.support import statsd_names

FOLDER = statsd_exporter.FOLDER
PAGE = FOLDER.parents[1] / 'doc/source/admin/monitoring.rst'
_SERIES = re.compile(r'(keystone_oauth2_\w+)(?:\{([^}]*)\})?')
_LABEL = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_BY = re.compile(r'\b(?:by|on|without|ignoring) \(([\w, ]+)\)')
#: Of each series: the target, and the bound of a bucket.
_COMMON = {'instance', 'job', 'le'}


def series():
    """Return the sets of labels of each series, by its name."""
    found = {}
    rules = {rule.name: rule for rule in statsd_exporter.rules()}
    for name in statsd_names.names():
        converted, labels = statsd_exporter.convert(name)
        for one in rules[converted].series():
            found.setdefault(one, []).append(labels)
    return found


def alerts():
    """Return the alert rules by their names."""
    groups = yaml.safe_load((FOLDER / 'alerts.yml').read_text())['groups']
    return {rule['alert']: rule for group in groups for rule in group['rules']}


def dashboard():
    """Return the dashboard."""
    return json.loads((FOLDER / 'dashboard.json').read_text())


def panels():
    """Return the panels of the dashboard that show something."""
    return [each for each in dashboard()['panels'] if each['type'] != 'row']


def expressions():
    """Return each expression of alert rules and panels, by its origin."""
    found = {name: rule['expr'] for name, rule in alerts().items()}
    for panel in panels():
        for target in panel['targets']:
            key = f'{panel["title"]} {target["refId"]}'
            found[key] = target['expr']
    return found


class NamesTest(base.TestCase):
    """Other tests rely on the names that were found in the code."""

    def test_all_calls_of_the_client_are_known(self):
        """If one is new: add it to ``statsd_names``, mapping and guide."""
        self.assertEqual(statsd_names.CALLS, statsd_names.calls())

    def test_all_events_and_endpoints_are_known(self):
        found = {
            tuple(name.split('.')[1:])
            for name in statsd_names.names()
            if not name.startswith('keystone_oauth2.filter.')
        }
        pairs = {it for it in found if it[0] in statsd_names.endpoints()}
        self.assertEqual(
            statsd_names.endpoints(), {it[0] for it in pairs if it[1:] == ()}
        )
        self.assertEqual(
            statsd_names.events(), {it[1] for it in pairs if len(it) == 2}
        )


class MappingTest(base.TestCase):
    def test_each_metric_is_mapped(self):
        for name in statsd_names.names():
            with self.variant(name):
                self.assertIsNotNone(statsd_exporter.convert(name))

    def test_each_rule_is_needed(self):
        converted = {
            statsd_exporter.convert(name)[0] for name in statsd_names.names()
        }
        self.assertEqual(
            converted, {rule.name for rule in statsd_exporter.rules()}
        )

    def test_metrics_of_a_name_have_one_type_and_the_same_labels(self):
        kinds = {}
        for name, kind in statsd_names.names().items():
            converted, labels = statsd_exporter.convert(name)
            kinds.setdefault(converted, set()).add((kind, *labels))
        for converted, found in kinds.items():
            with self.variant(converted):
                self.assertEqual(1, len(found), found)
                ((kind, *_),) = found
                self.assertEqual(
                    kind == 'counter', converted.endswith('_total')
                )

    def test_two_metrics_are_two_series(self):
        names = list(statsd_names.names())
        converted = {repr(statsd_exporter.convert(name)) for name in names}
        self.assertEqual(len(names), len(converted))

    def test_no_match_is_the_beginning_of_an_earlier_one(self):
        """The exporter would ignore it (pkg/mapper/fsm, AddState)."""
        matches = [rule.match for rule in statsd_exporter.rules()]
        for earlier, later in itertools.combinations(matches, 2):
            with self.variant((earlier, later)):
                self.assertFalse(f'{earlier}.'.startswith(f'{later}.'))


class ExpressionsTest(base.TestCase):
    def test_each_series_exists_with_its_labels(self):
        known = series()
        for origin, expression in expressions().items():
            for name, matchers in _SERIES.findall(expression):
                with self.variant((origin, name, matchers)):
                    self.assertIn(name, known)
                    self.assertTrue(
                        any(
                            self.selects(matchers, labels)
                            for labels in known[name]
                        )
                    )

    def selects(self, matchers, labels):
        """Whether matchers of a series select one with these labels."""
        for label, operator, value in _LABEL.findall(matchers):
            self.assertIn(label, labels)
            pattern = value if '~' in operator else re.escape(value)
            is_equal = re.fullmatch(pattern, labels[label]) is not None
            if is_equal == ('!' in operator):
                return False
        return True

    def test_each_value_in_a_matcher_is_sent(self):
        """An alternative that never occurs is a spelling error."""
        values = {
            (label, value)
            for sets in series().values()
            for labels in sets
            for label, value in labels.items()
        }
        for origin, expression in expressions().items():
            for label, _, text in _LABEL.findall(expression):
                for value in text.split('|'):
                    with self.variant((origin, label, value)):
                        self.assertIn((label, value), values)

    def test_each_label_to_group_by_exists(self):
        known = _COMMON.union(
            *(labels for sets in series().values() for labels in sets)
        )
        for origin, expression in expressions().items():
            for names in _BY.findall(expression):
                with self.variant((origin, names)):
                    self.assertLessEqual(set(names.split(', ')), known)

    def test_each_series_is_shown_or_watched(self):
        used = ' '.join(expressions().values())
        for rule in statsd_exporter.rules():
            with self.variant(rule.name):
                self.assertIn(rule.name, used)


class AlertsTest(base.TestCase):
    def test_each_alert_has_an_example(self):
        path = FOLDER / 'alerts_test.yml'
        fired = {
            example['alertname']
            for test in yaml.safe_load(path.read_text())['tests']
            for example in test.get('alert_rule_test', ())
            if example['exp_alerts']
        }
        self.assertEqual(set(alerts()), fired)

    def test_guide_says_what_to_do(self):
        documented = re.findall(
            r'``(KeystoneOAuth2[A-Z]\w+)``', PAGE.read_text()
        )
        self.assertEqual(list(alerts()), documented)


class DashboardTest(base.TestCase):
    def test_panels_have_what_a_reader_needs(self):
        for panel in panels():
            with self.variant(panel['title']):
                self.assertTrue(panel['description'].endswith('.'))
                self.assertTrue(panel['fieldConfig']['defaults']['unit'])
                for target in panel['targets']:
                    self.assertTrue(target['legendFormat'])

    def test_import_asks_for_the_data_source(self):
        found = dashboard()
        (source,) = found['__inputs']
        self.assertEqual('datasource', source['type'])
        uid = '${' + source['name'] + '}'
        for panel in panels():
            for part in (panel, *panel['targets']):
                self.assertEqual(
                    {'type': source['pluginId'], 'uid': uid},
                    part['datasource'],
                )
        self.assertEqual('keystone-oauth2', found['uid'])
        self.assertIsNone(found['id'])

    def test_panels_do_not_overlap(self):
        found = dashboard()['panels']
        self.assertEqual(len(found), len({panel['id'] for panel in found}))
        cells = [
            (x, y)
            for place in (panel['gridPos'] for panel in found)
            for x in range(place['x'], place['x'] + place['w'])
            for y in range(place['y'], place['y'] + place['h'])
        ]
        self.assertEqual(len(cells), len(set(cells)))
        self.assertLess(max(x for x, _ in cells), 24)


class GuideTest(base.TestCase):
    def test_filter_metrics_are_those_in_the_guide(self):
        _, _, page = PAGE.read_text().partition('.. _filter-metrics:')
        table, _, _ = page.partition('.. _prometheus:')
        rows = re.findall(r'^   \* - (``[^\n]+)$', table, re.MULTILINE)
        documented = set(re.findall('``([^`]+)``', ' '.join(rows)))
        prefix = 'keystone_oauth2.filter.'
        self.assertEqual(
            {
                name.removeprefix(prefix)
                for name in statsd_names.names()
                if name.startswith(prefix)
            },
            documented,
        )

    def test_names_for_prometheus_are_in_the_guide(self):
        documented = re.findall(r'``(keystone_oauth2_\w+)', PAGE.read_text())
        self.assertEqual(
            {rule.name for rule in statsd_exporter.rules()}, set(documented)
        )
