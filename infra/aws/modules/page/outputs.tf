output "bucket" {
  description = "Name of the bucket that the built page is copied to."
  value       = aws_s3_bucket.this.id
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "bucket_domain_name" {
  description = "Regional domain name of the bucket, the distribution's origin."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}

output "key_arn" {
  description = "ARN of the KMS key of the bucket; whoever copies the page needs kms:GenerateDataKey."
  value       = aws_kms_key.this.arn
}
