"""A mock of the endpoint that `openapi.yaml` describes: a Connexion app whose every rule comes from the contract.

`semantics` and `display` are its pure core; `app` puts the parts together; `cli` is the command `respan-mock`.
"""
