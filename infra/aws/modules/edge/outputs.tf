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

output "web_acl_arn" {
  description = "ARN of the web ACL."
  value       = aws_wafv2_web_acl.this.arn
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
