output "arn" {
  description = "ARN of the secret."
  value       = aws_secretsmanager_secret.this.arn
  # Whoever gets the ARN may read the value at once.
  depends_on = [aws_secretsmanager_secret_version.this]
}

output "name" {
  description = "Name of the secret."
  value       = aws_secretsmanager_secret.this.name
}
