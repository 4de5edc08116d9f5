output "bucket" {
  description = "Name of the bucket: bucket of every other stack's backend."
  value       = aws_s3_bucket.state.id
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.state.arn
}

output "key_arn" {
  description = "ARN of the KMS key: kms_key_id of every other stack's backend, and state_key_arn of the stack global."
  value       = aws_kms_key.state.arn
}

output "aws_region" {
  description = "AWS region of the bucket: region of every other stack's backend."
  value       = var.aws_region
}
