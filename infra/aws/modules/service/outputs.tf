output "security_group_id" {
  description = "Id of the security group of the tasks."
  value       = aws_security_group.this.id
}

output "task_role_arn" {
  description = "ARN of the role that the program has."
  value       = aws_iam_role.task.arn
}

output "execution_role_arn" {
  description = "ARN of the role that starts the tasks."
  value       = aws_iam_role.execution.arn
}

output "task_definition_arn" {
  description = "ARN of the task definition's revision."
  value       = aws_ecs_task_definition.this.arn
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "port" {
  description = "Port of the API."
  value       = local.api_port
}

output "ops_port" {
  description = "Port of /healthz and /readyz."
  value       = local.ops_port
}

output "most_connections" {
  description = "Database connections of the service at its greatest number of tasks."
  value       = var.connections == null ? 0 : local.most_tasks * var.connections.per_task
}

output "variables" {
  description = "Names of the variables that the program gets."
  value       = sort(concat(keys(local.environment), keys(local.from_elsewhere)))
}
