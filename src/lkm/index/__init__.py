"""Facts of many modules → the ``modules.*`` indexes, and lookups in them. Pure."""
