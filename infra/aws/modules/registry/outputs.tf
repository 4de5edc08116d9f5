output "repository_arns" {
  description = "Image to ARN of its repository."
  value       = { for k, r in aws_ecr_repository.this : k => r.arn }
}

output "repository_urls" {
  description = "Image to URL of its repository, to push to."
  value       = { for k, r in aws_ecr_repository.this : k => r.repository_url }
}

output "package_bucket" {
  description = "Name of the bucket of the functions' packages."
  value       = aws_s3_bucket.packages.id
}
