output "address" {
  description = "Host name of the primary."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "port" {
  description = "Port."
  value       = 6379
}

output "security_group_id" {
  description = "Id of the security group."
  value       = aws_security_group.this.id
}
