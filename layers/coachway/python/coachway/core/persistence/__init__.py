"""Records, transactions and queries of the one DynamoDB table."""
