"""The admin API, with which developers and tests inspect and control the mock. `admin.yaml` describes it."""
