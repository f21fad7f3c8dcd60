"""One module file → facts: modinfo, parameters, exports, needs, CRCs, namespaces, vermagic, signature. Pure."""
