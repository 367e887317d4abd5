"""Show a resource of a service: recipe_openstacksdk.py CLOUD URL"""

import sys

import openstack

cloud = openstack.connect(sys.argv[1])
# All calls share one token, as do those of cloud.compute, cloud.image, ...
print(cloud.session.get(sys.argv[2]).json())
