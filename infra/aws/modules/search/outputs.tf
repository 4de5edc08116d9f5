output "endpoint" {
  description = "Host name of the domain."
  value       = aws_opensearch_domain.this.endpoint
}

output "domain_name" {
  description = "Name of the domain, as CloudWatch names it."
  value       = aws_opensearch_domain.this.domain_name
}

output "arn" {
  description = "ARN of the domain."
  value       = aws_opensearch_domain.this.arn
}

output "port" {
  description = "Port."
  value       = 443
}

output "security_group_id" {
  description = "Id of the security group."
  value       = aws_security_group.this.id
}
