"""What has to be there once in an AWS account before workflows can deploy."""
