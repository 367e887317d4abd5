from keystone.wsgi.api import application  # noqa: F401
