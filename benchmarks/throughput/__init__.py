"""How fast the mock is, how much memory it takes and how soon it answers, beside a ceiling and Prism in one run."""
