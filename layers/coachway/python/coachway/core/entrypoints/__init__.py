"""What every Lambda function starts with."""
