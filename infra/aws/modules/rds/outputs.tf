output "identifier" {
  description = "Identifier of the instance, as CloudWatch names it."
  value       = aws_db_instance.this.identifier
}

output "arn" {
  description = "ARN of the instance, for a copy in another region."
  value       = aws_db_instance.this.arn
}

output "resource_id" {
  description = "Id of the instance in IAM policies for log-in (rds-db:connect)."
  value       = aws_db_instance.this.resource_id
}

output "address" {
  description = "Host name."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port."
  value       = 5432
}

output "security_group_id" {
  description = "Id of the security group."
  value       = aws_security_group.this.id
}

output "max_connections" {
  description = "Connections that the instance accepts."
  value       = var.max_connections
}

output "master_secret_arn" {
  description = "ARN of the secret with the master user's password; null if RDS does not manage it."
  value       = try(aws_db_instance.this.master_user_secret[0].secret_arn, null)
}
