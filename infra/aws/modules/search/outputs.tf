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

output "security_documents" {
  description = "Paths below _plugins/_security/api/ and the JSON to put there, without the users' passwords."
  value = merge(
    {
      for name, r in var.roles : "roles/${name}" => jsonencode({
        cluster_permissions = r.cluster
        index_permissions   = [for i in r.indices : { index_patterns = i.patterns, allowed_actions = i.actions }]
      })
    },
    {
      for name, r in var.roles : "rolesmapping/${name}" => jsonencode({ users = r.users, backend_roles = r.backend_roles })
    },
  )
}
