"""The console: a page that shows what the mock is asked and keeps, and makes it fail. It does all by the admin API."""
