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

project = 'keystone-oauth2 API reference'
copyright = 'keystone-oauth2 contributors'

extensions = [
    'openstackdocstheme',
    'os_api_ref',
]

# The same description for programs.
html_extra_path = ['openapi.yaml']
html_theme = 'openstackdocs'
html_theme_options = {
    'sidebar_dropdown': 'api_ref',
    'sidebar_mode': 'toc',
}
openstackdocs_auto_name = False
pygments_style = 'native'

# The theme warns where it finds no git; a build with -W must not fail there.
logging.getLogger('sphinx.openstackdocstheme.ext').addFilter(
    lambda record: 'gitsha' not in record.getMessage()
)
