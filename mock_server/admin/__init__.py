"""The admin API: what a developer or a test asks of the mock about itself. `admin.yaml` describes it."""
