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

PYTHON ?= python3
TOX := .venv-tox/bin/tox
# Each supported Python and Keystone once, together with "make test".
MATRIX := py310-keystone27,py312-keystone28,py313-keystone29

# pbr takes the version from git, which may be missing or without history.
ifndef PBR_VERSION
export PBR_VERSION := $(shell git rev-parse --verify HEAD >/dev/null 2>&1 || sed -n 's/^version = \(.*\)/\1.dev0/p' setup.cfg)
endif

.PHONY: help demo test functional matrix bench tempest clean

help:
	@echo 'make demo    run the four-step OAuth 2.0 flow against a real Keystone'
	@echo '             (make demo ARGS=--keep leaves it running)'
	@echo 'make test    run the linters, build the documentation, run the tests'
	@echo 'make functional'
	@echo '             run the tests with real front ends, databases and caches;'
	@echo '             as root, install missing programs (Debian, Ubuntu)'
	@echo 'make matrix  run the tests with older Keystones and other Pythons'
	@echo 'make bench   compare the token endpoint with the in-tree one'
	@echo '             (BENCH_DATABASE=postgresql or mariadb; some ten minutes)'
	@echo 'make tempest compare OpenStack'\''s acceptance tests of Keystone with and'
	@echo '             without the extension (about half an hour)'
	@echo 'make clean   remove everything that the other targets have created'
	@echo
	@echo 'They need make and Python 3.10 or newer with its venv module;'
	@echo 'PYTHON=/path/to/python3 selects one. CONTRIBUTING.rst has more details.'

# pip prints nothing under tox, so dots show progress. The demo itself does not
# run under tox, since it needs direct access to the terminal.
demo: $(TOX)
	@echo 'Preparing Keystone in .tox/demo: the first time takes a minute or two.'
	@(while sleep 2 && kill -0 $$$$ 2>/dev/null; do printf .; done) & \
	    $(TOX) run -qq -e demo --notest
	@echo
	@.tox/demo/bin/python -m demo $(ARGS)

test: $(TOX)
	$(TOX) run

functional: $(TOX)
	$(TOX) run -e services,functional -- $(ARGS)

# Skip missing Pythons, unless all tests are required.
matrix: $(TOX)
	$(TOX) run -e $(MATRIX) --skip-missing-interpreters \
	    $(if $(KEYSTONE_OAUTH2_TEST_ALL),false,true)

bench: $(TOX)
	$(TOX) run -e bench -- $(ARGS)

tempest: $(TOX)
	$(TOX) run -e tempest -- $(ARGS)

$(TOX): constraints/newest.txt
	@command -v $(PYTHON) >/dev/null || \
	    { echo '$(PYTHON) not found: install Python 3.10 or newer.' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	    { echo '$(PYTHON) is too old: Python 3.10 or newer is needed; choose one with PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo '$(PYTHON) lacks the venv module: install it (on Debian and Ubuntu, the package python3-venv).' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv-tox
	.venv-tox/bin/python -m pip install -c constraints/newest.txt tox

clean:
	rm -rf .tox .venv-tox .stestr .coverage* cover .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf bench-results tempest-results build dist *.egg-info AUTHORS ChangeLog
	rm -rf doc/build doc/source/_static api-ref/build releasenotes/build etc/*.sample
	rm -rf functional/openid_provider/node_modules
	test ! -f .venv || rm .venv
	find . -name __pycache__ -prune -exec rm -rf {} +
