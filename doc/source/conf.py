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

import logging

project = 'keystone-oauth2'
copyright = 'keystone-oauth2 contributors'

extensions = [
    'cliff.sphinxext',
    'openstackdocstheme',
    'oslo_config.sphinxconfiggen',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'oslo_policy.sphinxpolicygen',
]

# Leaves out the options of all commands, and the package of each.
autoprogram_cliff_application = 'openstack'
autoprogram_cliff_app_dist_name = 'keystone-oauth2'
autoprogram_cliff_ignored = [
    '--column',
    '--fit-width',
    '--format',
    '--help',
    '--max-width',
    '--noindent',
    '--prefix',
    '--print-empty',
    '--quote',
    '--sort-ascending',
    '--sort-column',
    '--sort-descending',
]

html_theme = 'openstackdocs'
openstackdocs_auto_name = False
pygments_style = 'native'

# Relative to this folder, as are the files that they name.
config_generator_config_file = [
    (
        '../../etc/keystone-oauth2-config-generator.conf',
        '_static/keystone-oauth2',
    ),
]
policy_generator_config_file = [
    (
        '../../etc/keystone-oauth2-policy-generator.conf',
        '_static/keystone-oauth2',
    ),
]

# The theme warns where it finds no git; a build with -W must not fail there.
logging.getLogger('sphinx.openstackdocstheme.ext').addFilter(
    lambda record: 'gitsha' not in record.getMessage()
)
