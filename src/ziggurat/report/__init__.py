"""What a person is shown: pure functions of what happened."""
