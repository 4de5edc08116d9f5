output "name" {
  description = "Name of the function, as CloudWatch names it."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "security_group_id" {
  description = "Id of the security group; null outside of a VPC."
  value       = one(aws_security_group.this[*].id)
}

output "failed_queue_name" {
  description = "Name of the queue of what failed."
  value       = aws_sqs_queue.failed.name
}

output "variables" {
  description = "Names of the variables that the program gets."
  value       = sort(keys(local.environment))
}
