"""What would have prevented it: a batch replayed under other policies, tested against what was observed."""
