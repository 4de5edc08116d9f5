output "security_group_ids" {
  description = "Job to id of its security group."
  value       = { for k, g in aws_security_group.this : k => g.id }
}

output "task_definition_arns" {
  description = "Job to ARN of its task definition, for the pipeline and for people."
  value       = { for k, t in aws_ecs_task_definition.this : k => t.arn }
}

output "failed_queue_name" {
  description = "Name of the queue of starts that failed."
  value       = aws_sqs_queue.failed.name
}
