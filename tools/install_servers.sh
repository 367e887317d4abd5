#!/bin/sh
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

# Install the servers for the functional tests, if this is possible. Tests of
# missing servers are skipped.
set -eu

PATH="/usr/sbin:/usr/bin:$PATH"
provider="$(dirname "$0")/../functional/openid_provider"
packages=''

want() {
    [ -e "$1" ] || packages="$packages $2"
}

want /usr/bin/uwsgi uwsgi-core
want /usr/lib/uwsgi/plugins/python3_plugin.so uwsgi-plugin-python3
want /usr/sbin/nginx nginx-light
want /usr/sbin/apache2 apache2
want /usr/lib/apache2/modules/mod_wsgi.so libapache2-mod-wsgi-py3
want /usr/lib/apache2/modules/mod_auth_openidc.so libapache2-mod-auth-openidc
# For the recipes in the user guide, which the other tests run.
want /usr/bin/curl curl
want /usr/bin/jq jq
want /usr/bin/node nodejs
want /usr/bin/npm npm
want /usr/sbin/haproxy haproxy
want /usr/bin/memcached memcached
want /usr/bin/redis-server redis-server
want /usr/sbin/pgbouncer pgbouncer
want /usr/bin/faketime faketime
want /usr/sbin/mariadbd mariadb-server
want /usr/lib/galera/libgalera_smm.so galera-4
want /usr/bin/rsync rsync
want /usr/sbin/slapd slapd
want /usr/bin/promtool prometheus
# What python-ldap is built with.
want /usr/bin/gcc gcc
want /usr/bin/python3-config python3-dev
want /usr/include/ldap.h libldap2-dev
want /usr/include/sasl/sasl.h libsasl2-dev

if [ -n "$packages" ] &&
    { [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; }
then
    echo "Missing; needs root on Debian or Ubuntu to install:$packages" >&2
elif [ -n "$packages" ]; then
    # With this runlevel, installing does not start any service.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages > /dev/null
fi

# Exactly what the lock file names, without running any of its scripts.
if command -v npm > /dev/null &&
    ! [ "$provider/node_modules/.package-lock.json" -nt "$provider/package-lock.json" ]
then
    npm ci --prefix "$provider" --ignore-scripts --no-audit --no-fund --silent ||
        echo 'The OpenID provider could not be installed.' >&2
fi
