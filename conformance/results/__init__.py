"""What a run came to: findings, verdicts, and the one result that every report is written from."""
