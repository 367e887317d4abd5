"""List the servers of a project: recipe_openstacksdk.py CLOUD"""

import sys

import openstack

cloud = openstack.connect(sys.argv[1])
for server in cloud.compute.servers():
    print(server.name)
