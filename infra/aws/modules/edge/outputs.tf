output "distribution_id" {
  description = "Id of the distribution, for invalidations."
  value       = aws_cloudfront_distribution.this.id
}

output "distribution_arn" {
  description = "ARN of the distribution, for policies."
  value       = aws_cloudfront_distribution.this.arn
}

output "distribution_domain_name" {
  description = "CloudFront's own name of the distribution, for a first test before the DNS records are known."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "log_bucket" {
  description = "Name of the bucket with the access logs."
  value       = aws_s3_bucket.logs.id
}

output "log_key_arn" {
  description = "ARN of the key of the edge's logs, which that of the web ACL uses too."
  value       = aws_kms_key.logs.arn
}

output "waf_log_group_name" {
  description = "Name of the log group of the web ACL, which the policy of that key admits."
  value       = local.waf_log_group
}

output "certificate_arn" {
  description = "ARN of the certificate of page and API."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "key_value_store_arn" {
  description = "ARN of the function's key-value store."
  value       = aws_cloudfront_key_value_store.regions.arn
}

output "function_arns" {
  description = "ARNs of the published functions: viewer_request (API) and page_request (page)."
  value = {
    viewer_request = aws_cloudfront_function.viewer_request.arn
    page_request   = aws_cloudfront_function.page_request.arn
  }
}

output "store" {
  description = "Content of the key-value store: the list of regions, and country to region."
  value       = local.store
}

output "origin_secret_header" {
  description = "Name of the header that the load balancers must require."
  value       = var.origin_secret_header
}
