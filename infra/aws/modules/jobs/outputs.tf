output "security_group_ids" {
  description = "Job to id of its security group."
  value       = { for k, g in aws_security_group.this : k => g.id }
}

output "task_definition_arns" {
  description = "Job to ARN of its task definition, for the pipeline and for people."
  value       = { for k, t in aws_ecs_task_definition.this : k => t.arn }
}

output "variables" {
  description = "Job to its program and the names of the variables that it gets."
  value = {
    for k, j in var.jobs : k => {
      program = regex("([a-z-]+)@", j.image)[0]
      names   = sort(concat(keys(j.environment), keys(j.secrets)))
    }
  }
}

output "failed_queue_name" {
  description = "Name of the queue of starts that failed."
  value       = aws_sqs_queue.failed.name
}
